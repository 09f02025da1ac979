// From the configuration to the layout of a pipeline, by what the layers cost.
#pragma once

#include "parallel/cost/choose_schedule.h"
#include "parallel/pipeline/layout.h"

namespace echelon::parallel {

/// The layers whose forward is run again in backward, by the names and patterns of `recompute`. Throws
/// ConfigError for one that no layer has.
std::vector<bool> recomputed_layers(const nn::ModelSpec& spec, const std::vector<std::string>& recompute);

/// Of a pipeline of one rank. Throws ConfigError as plan_layout().
PipelineLayout one_rank_layout(const nn::ModelSpec& spec, const ParallelSettings& settings,
                               int64_t micro_batches);

/// The schedule, the split and the recomputation that `settings` ask for. Where they leave the choice: the
/// schedule that takes the least time in the simulation, and the split whose slowest stage is the fastest, of
/// those that fit into the memory of the job's hardware. The same on every rank. Throws ConfigError that says
/// which setting does not fit, and what would: more stages than layers, too few micro-batches, a schedule
/// file that is not a schedule, a layer that does not exist; TooFullError where a rank needs more memory than
/// it has.
PipelineLayout plan_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, int64_t micro_batches,
                           const ModelCosts& costs, const JobShape& job);

}  // namespace echelon::parallel
