// Which layers each rank of a pipeline has, and when it runs them.
#pragma once

#include <string>
#include <vector>

#include "nn/layered_model.h"
#include "parallel/settings.h"
#include "schedule/action.h"

namespace echelon::parallel {

struct PipelineLayout {
  std::vector<size_t> first_layers;    ///< of each stage
  schedule::Schedule schedule;         ///< verified, with communication
  ScheduleSettings schedule_settings;  ///< what it was made from: not auto
  std::vector<bool> recomputed;        ///< by layer

  int place_of(int stage) const { return schedule.rank_of_stage[static_cast<size_t>(stage)]; }
};

/// The stage of a layer.
int stage_of_layer(const PipelineLayout& layout, size_t layer);

/// The layers of the stages of the rank at `place`, in ascending order: the parts of its model.
std::vector<nn::LayerRange> parts_of(const PipelineLayout& layout, int place, size_t layers);

/// Parameters that several stages use (ties), by the places that have them.
struct SharedParameters {
  std::vector<int> places;         ///< ascending
  std::vector<std::string> names;  ///< of the owners, in the order of the ties
};
std::vector<SharedParameters> shared_parameters(const nn::ModelSpec& spec, const PipelineLayout& layout);

}  // namespace echelon::parallel
