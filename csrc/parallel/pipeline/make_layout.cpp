#include "parallel/pipeline/make_layout.h"

#include <fnmatch.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "schedule/communication.h"
#include "schedule/csv.h"
#include "schedule/make_schedule.h"
#include "schedule/verify.h"

namespace echelon::parallel {
namespace {

std::vector<std::string> layer_names(const nn::ModelSpec& spec) {
  std::vector<std::string> names;
  for (const nn::LayerSpec& layer : spec.layers) names.push_back(layer.name);
  return names;
}

std::string describe_size(int64_t ranks, int64_t micro_batches) {
  return str_format("{} rank{} and {} micro-batch{}", ranks, ranks == 1 ? "" : "s", micro_batches,
                    micro_batches == 1 ? "" : "es");
}

schedule::Schedule read_schedule(const ScheduleFile& file, const Grid& grid, int64_t micro_batches) {
  const schedule::Schedule computations = schedule::read_csv(file.path.path);
  const bool has_messages = std::ranges::any_of(computations.ranks, [](const auto& actions) {
    return std::ranges::any_of(actions, [](const auto& action) { return schedule::is_send(action.kind); });
  });
  schedule::Schedule schedule = schedule::with_communication(computations);
  const int ranks = schedule.rank_count();
  const int64_t written = schedule.micro_batches;
  if (schedule::verify(schedule).ok() && (ranks != grid.pipeline || written != micro_batches)) {
    throw ConfigError(
        str_format("parallel.schedule: {} is for {}, but a pipeline of this job has {}; set "
                   "parallel.pipeline: {}, and micro_batch or global_batch such that a replica has {} a step",
                   file.path.path, describe_size(ranks, written), describe_size(grid.pipeline, micro_batches),
                   ranks, written));
  }
  schedule.micro_batches = static_cast<int>(micro_batches);  // a slip in a number looks like more of them
  schedule::check(schedule, {.may_split = {}, .written_without_communication = !has_messages});
  return schedule;
}

schedule::Schedule choose_schedule(const ParallelSettings& settings, const Grid& grid,
                                   int64_t micro_batches) {
  if (const auto* file = std::get_if<ScheduleFile>(&settings.schedule))
    return read_schedule(*file, grid, micro_batches);
  const auto* interleaved = std::get_if<Interleaved>(&settings.schedule);
  const bool automatic = std::holds_alternative<AutoSchedule>(settings.schedule);
  const std::string name = automatic || grid.pipeline == 1 ? "1f1b" : schedule_name(settings.schedule);
  return schedule::with_communication(
      schedule::make_schedule(name, grid.pipeline, static_cast<int>(micro_batches),
                              interleaved ? static_cast<int>(interleaved->chunks) : 1));
}

std::vector<schedule::StagePlace> places_of(const schedule::Schedule& schedule,
                                            const schedule::Report& report) {
  std::vector<schedule::StagePlace> places;
  for (size_t stage = 0; stage < schedule.rank_of_stage.size(); ++stage)
    places.push_back({schedule.rank_of_stage[stage], report.of_stage[stage].until_weight});
  return places;
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

PipelineLayout make_layout(const nn::ModelSpec& spec, const ParallelSettings& settings, const Grid& grid,
                           int64_t micro_batches, std::span<const schedule::LayerLoad> loads) {
  PipelineLayout layout;
  layout.recomputed = recomputed_layers(spec, settings.recompute);
  layout.schedule = choose_schedule(settings, grid, micro_batches);
  schedule::check(layout.schedule);
  const schedule::Report report = schedule::verify(layout.schedule);
  const std::vector<std::string> names = layer_names(spec);
  if (settings.split.front() != "auto") {
    layout.first_layers = schedule::first_layers(names, settings.split, layout.schedule.rank_of_stage.size());
  } else if (layout.schedule.stages() == 1) {
    layout.first_layers = {0};
  } else {
    layout.first_layers = schedule::partition(loads, places_of(layout.schedule, report));
  }
  return layout;
}

}  // namespace echelon::parallel
