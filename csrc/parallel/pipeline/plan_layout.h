// The layout that a job takes, by what its layers cost.
#pragma once

#include "parallel/cost/choose_schedule.h"
#include "parallel/pipeline/make_layout.h"

namespace echelon::parallel {

/// Of a pipeline of one rank.
PipelineLayout one_rank_layout(const nn::ModelSpec& spec, const ParallelSettings& settings,
                               int64_t micro_batches);

/// The schedule, the split and the recomputation that `settings` ask for. Where they leave the choice: the
/// schedule that takes the least time in the simulation, and the split whose slowest stage is the fastest, of
/// those that fit into the memory of the job's hardware. Throws ConfigError as make_layout() and
/// choose_schedule(), and where a rank needs more memory than it has.
PipelineLayout plan_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, int64_t micro_batches,
                           const ModelCosts& costs, const JobShape& job);

}  // namespace echelon::parallel
