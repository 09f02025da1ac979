#include "parallel/pipeline/plan_layout.h"

#include <fnmatch.h>

#include "common/error.h"
#include "common/format.h"
#include "schedule/partition.h"

namespace echelon::parallel {
namespace {

std::vector<std::string> layer_names(const nn::ModelSpec& spec) {
  std::vector<std::string> names;
  for (const nn::LayerSpec& layer : spec.layers) names.push_back(layer.name);
  return names;
}

/// Empty where the split is to be found.
GivenSplit given_split(const nn::ModelSpec& spec, const ParallelSettings& settings, size_t stages) {
  if (settings.split.front() == "auto") return {};
  return schedule::first_layers(layer_names(spec), settings.split, stages);
}

/// Layers of which nothing is known but that they are there.
std::vector<schedule::LayerLoad> equal_loads(const nn::ModelSpec& spec) {
  std::vector<schedule::LayerLoad> loads;
  for (const nn::LayerSpec& layer : spec.layers) loads.push_back({.name = layer.name, .seconds = 1});
  return loads;
}

}  // namespace

std::vector<bool> recomputed_layers(const nn::ModelSpec& spec, const std::vector<std::string>& recompute) {
  std::vector<bool> chosen(spec.layers.size(), recompute.front() == "full");
  if (recompute.front() == "full" || recompute.front() == "none") return chosen;
  const std::vector<std::string> names = layer_names(spec);
  for (const std::string& pattern : recompute) {
    bool found = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (::fnmatch(pattern.c_str(), names[i].c_str(), 0) != 0) continue;
      chosen[i] = found = true;
    }
    if (found) continue;
    const std::string nearest = nearest_name(pattern, names);
    throw ConfigError(str_format("parallel.recompute: no layer of the model is called '{}'{}", pattern,
                                 nearest.empty() ? "" : str_format("; did you mean '{}'?", nearest)));
  }
  return chosen;
}

PipelineLayout one_rank_layout(const nn::ModelSpec& spec, const ParallelSettings& settings,
                               int64_t micro_batches) {
  ReadySchedule ready = make_ready_schedule(settings.schedule, 1, micro_batches);
  const size_t stages = ready.schedule.rank_of_stage.size();
  GivenSplit first_layers = given_split(spec, settings, stages);
  if (first_layers
          .empty())  // a file may give one rank several stages; where they are cut makes no difference
    first_layers = schedule::partition(equal_loads(spec), std::vector<schedule::StagePlace>(stages));
  return {std::move(first_layers), std::move(ready.schedule), ready.settings,
          recomputed_layers(spec, settings.recompute)};
}

PipelineLayout plan_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, int64_t micro_batches,
                           const ModelCosts& costs, const JobShape& job) {
  std::vector<bool> recomputed = recomputed_layers(spec, settings.recompute);
  PlannedSchedule planned;
  if (std::holds_alternative<AutoSchedule>(settings.schedule)) {
    planned = choose_schedule(micro_batches, costs, job, given_split(spec, settings, settings.split.size()));
  } else {
    const ReadySchedule ready = make_ready_schedule(settings.schedule, job.grid.pipeline, micro_batches);
    planned =
        plan_that_fits(ready, costs, job, given_split(spec, settings, ready.schedule.rank_of_stage.size()));
  }
  return {std::move(planned.stages.first_layers), std::move(planned.schedule), planned.settings,
          std::move(recomputed)};
}

}  // namespace echelon::parallel
