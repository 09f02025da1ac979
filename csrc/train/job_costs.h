// What the cost model (parallel/cost) has to know of a run's settings.
#pragma once

#include <vector>

#include "parallel/batch_plan.h"
#include "parallel/cost/stage_costs.h"
#include "parallel/pipeline/layout.h"
#include "train/settings.h"

namespace echelon::train {

parallel::NumberFormat number_format(Precision precision);

/// `recomputed`: by layer.
parallel::CostOptions cost_options(const TrainSettings& settings, std::vector<bool> recomputed);

parallel::JobShape job_shape(const TrainSettings& settings, const nn::ModelSpec& spec,
                             const parallel::Grid& grid, const parallel::Hardware& hardware);

/// The layout that a job takes: its costs are estimated, for the hardware of the settings; each rank may use
/// `memory_bytes`. The same on every rank that gives the same. Throws as parallel::plan_layout().
parallel::PipelineLayout plan_layout(const TrainSettings& settings, const nn::ModelSpec& spec,
                                     const parallel::Grid& grid, const parallel::BatchPlan& batch,
                                     int64_t memory_bytes);

}  // namespace echelon::train
