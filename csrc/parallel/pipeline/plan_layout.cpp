#include "parallel/pipeline/plan_layout.h"

namespace echelon::parallel {
namespace {

std::vector<schedule::LayerLoad> layer_loads(const ModelCosts& costs, const JobShape& job) {
  std::vector<schedule::LayerLoad> loads;
  for (size_t layer = 0; layer < costs.layers.size(); ++layer)
    loads.push_back(layer_load(costs, layer, job.memory, 1 / job.hardware.network.bytes_per_second));
  return loads;
}

}  // namespace

PipelineLayout one_rank_layout(const nn::ModelSpec& spec, const ParallelSettings& settings,
                               int64_t micro_batches) {
  return make_layout(spec, settings, {}, micro_batches, {});
}

PipelineLayout plan_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, int64_t micro_batches,
                           const ModelCosts& costs, const JobShape& job) {
  PipelineLayout layout = make_layout(spec, settings, job.grid, micro_batches, layer_loads(costs, job));
  const bool split_given = settings.split.front() != "auto";
  PlannedSchedule planned;
  if (std::holds_alternative<AutoSchedule>(settings.schedule)) {
    planned = choose_schedule(micro_batches, costs, job, split_given ? layout.first_layers : GivenSplit());
  } else {
    planned = plan_schedule(settings.schedule, std::move(layout.schedule), std::move(layout.first_layers),
                            costs, job);
  }
  if (planned.fullest().total() > job.hardware.memory_bytes)
    throw TooFullError(describe_too_full(planned, job));
  layout.schedule = std::move(planned.schedule);
  layout.first_layers = std::move(planned.stages.first_layers);
  return layout;
}

}  // namespace echelon::parallel
