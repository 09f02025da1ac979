// From the configuration to the layout of a pipeline.
#pragma once

#include <span>

#include "nn/layered_model.h"
#include "parallel/grid.h"
#include "parallel/pipeline/layout.h"
#include "parallel/settings.h"
#include "schedule/partition.h"

namespace echelon::parallel {

/// The layers whose forward is run again in backward, by the names and patterns of `recompute`. Throws
/// ConfigError for one that no layer has.
std::vector<bool> recomputed_layers(const nn::ModelSpec& spec, const std::vector<std::string>& recompute);

/// Stages, schedule and recomputation of a model over the pipelines of `grid`, with `micro_batches` a step.
/// `loads`: what each layer costs; not looked at where a pipeline is one rank or the user gives the split.
/// The same on every rank. Throws ConfigError that says which setting does not fit, and what would: more
/// stages than layers, too few micro-batches, a schedule file that is not a schedule.
PipelineLayout make_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, const Grid& grid,
                           int64_t micro_batches, std::span<const schedule::LayerLoad> loads);

}  // namespace echelon::parallel
