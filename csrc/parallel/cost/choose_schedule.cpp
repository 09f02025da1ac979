#include "parallel/cost/choose_schedule.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "schedule/partition.h"

namespace echelon::parallel {
namespace {

constexpr double kAlike = 1e-3;

size_t stages_of(const ScheduleSettings& settings, int pipeline) {
  return static_cast<size_t>(stages_a_rank(settings)) * static_cast<size_t>(pipeline);
}

void keep_those_with(size_t stages, std::vector<ScheduleSettings>& candidates, int pipeline) {
  std::vector<std::string> possible;
  for (const ScheduleSettings& settings : candidates)
    possible.push_back(str_format("{} for {}", stages_of(settings, pipeline), schedule_text(settings)));
  std::erase_if(candidates,
                [&](const ScheduleSettings& settings) { return stages_of(settings, pipeline) != stages; });
  if (!candidates.empty()) return;
  throw ConfigError(str_format("parallel.split: names {} stage{}, which no schedule has on {} ranks; name {}",
                               stages, stages == 1 ? "" : "s", pipeline, join_or(possible)));
}

std::vector<schedule::LayerLoad> loads_of(const ModelCosts& costs, const JobShape& job) {
  const Link& link =
      job.grid.pipeline > 1 && crosses_nodes(job, 0, 1) ? job.hardware.network : job.hardware.node;
  std::vector<schedule::LayerLoad> loads;
  for (size_t i = 0; i < costs.layers.size(); ++i)
    loads.push_back(layer_load(costs, i, job.memory, 1 / link.bytes_per_second));
  return loads;
}

/// Whether the ranks together have room, if every stage kept as few micro-batches as any.
bool may_fit(std::span<const schedule::LayerLoad> loads, std::span<const schedule::StagePlace> places,
             const JobShape& job) {
  const int least = std::ranges::min(places, {}, &schedule::StagePlace::in_flight).in_flight;
  double bytes = 0;
  for (const schedule::LayerLoad& load : loads)
    bytes += static_cast<double>(load.fixed_bytes) + least * static_cast<double>(load.activation_bytes);
  return bytes <= static_cast<double>(job.hardware.memory_bytes) * job.grid.pipeline;
}

/// Nothing where no split fits.
std::optional<GivenSplit> split(const ReadySchedule& ready, const ModelCosts& costs, const JobShape& job,
                                bool limited) {
  if (ready.schedule.stages() == 1) return GivenSplit{0};
  std::vector<schedule::StagePlace> places;
  for (size_t stage = 0; stage < ready.schedule.rank_of_stage.size(); ++stage)
    places.push_back({ready.schedule.rank_of_stage[stage], ready.report.of_stage[stage].until_input});
  const std::vector<schedule::LayerLoad> loads = loads_of(costs, job);
  if (!limited) return schedule::partition(loads, places);
  if (!may_fit(loads, places, job)) return std::nullopt;
  try {
    return schedule::partition(loads, places, job.hardware.memory_bytes);
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

/// The schedule simulated with a given split, whatever memory it takes.
PlannedSchedule plan_schedule(const ScheduleSettings& settings, schedule::Schedule schedule,
                              std::vector<size_t> first_layers, const ModelCosts& costs,
                              const JobShape& job) {
  PlannedSchedule plan{.settings = settings, .schedule = std::move(schedule)};
  const auto halved = [](const schedule::Action& action) {
    return action.kind == schedule::ActionKind::kBackwardInput;
  };
  plan.stages = {std::move(first_layers), plan.schedule.rank_of_stage,
                 std::ranges::any_of(plan.schedule.ranks.front(), halved)};
  plan.costs = stage_costs(costs, plan.stages, job);
  plan.timeline = schedule::simulate(plan.schedule, plan.costs, simulate_options(job));
  plan.memory = memory_of_places(costs, plan.stages, job, plan.timeline);
  return plan;
}

/// Says what the fullest rank needs of each kind, what it has, and what would help.
std::string describe_too_full(const PlannedSchedule& plan, const JobShape& job) {
  const StageMemory& need = plan.fullest();
  const auto place = static_cast<int>(&need - plan.memory.data());
  std::string kinds = describe(need);
  for (size_t at = kinds.find('\n'); at != std::string::npos; at = kinds.find('\n', at))
    kinds.replace(at, 1, ", ");
  return str_format(
      "rank {} needs {} with schedule {} and has {}: {}; smaller micro_batch, parallel.recompute: full, "
      "parallel.shard_optimizer: true or more ranks in parallel.pipeline take less",
      job.grid.rank(place, 0), human_bytes(static_cast<double>(need.total())), plan.schedule.name,
      human_bytes(static_cast<double>(job.hardware.memory_bytes)), kinds);
}

bool fits(const PlannedSchedule& plan, const JobShape& job) {
  return plan.fullest().total() <= job.hardware.memory_bytes;
}

bool better(const PlannedSchedule& a, const PlannedSchedule& b) {
  const double difference = a.timeline.seconds - b.timeline.seconds;
  if (std::abs(difference) > kAlike * b.timeline.seconds) return difference < 0;
  return a.fullest().total() < b.fullest().total();
}

}  // namespace

const StageMemory& PlannedSchedule::fullest() const {
  return *std::ranges::max_element(memory, {}, [](const StageMemory& rank) { return rank.total(); });
}

std::string schedule_text(const ScheduleSettings& settings) {
  const auto* interleaved = std::get_if<Interleaved>(&settings);
  if (interleaved == nullptr || interleaved->chunks == Interleaved{}.chunks) return schedule_name(settings);
  return str_format("{{interleaved: {}}}", interleaved->chunks);
}

std::vector<ScheduleSettings> schedules_to_try(int pipeline, size_t layers) {
  if (pipeline == 1) return {OneForwardOneBackward{}};
  std::vector<ScheduleSettings> all{OneForwardOneBackward{}, ZeroBubbleV{},  ZeroBubbleH1{},
                                    Interleaved{2},          Interleaved{4}, Gpipe{}};
  std::erase_if(all,
                [&](const ScheduleSettings& settings) { return stages_of(settings, pipeline) > layers; });
  return all;
}

std::optional<PlannedSchedule> plan_within_memory(const ReadySchedule& ready, const ModelCosts& costs,
                                                  const JobShape& job, const GivenSplit& given) {
  auto first_layers = given.empty() ? split(ready, costs, job, /*limited=*/true) : given;
  if (!first_layers) return std::nullopt;
  PlannedSchedule plan = plan_schedule(ready.settings, ready.schedule, std::move(*first_layers), costs, job);
  if (!fits(plan, job)) return std::nullopt;
  return plan;
}

PlannedSchedule plan_that_fits(const ReadySchedule& ready, const ModelCosts& costs, const JobShape& job,
                               const GivenSplit& given) {
  if (auto plan = plan_within_memory(ready, costs, job, given)) return std::move(*plan);
  const GivenSplit first_layers = given.empty() ? *split(ready, costs, job, /*limited=*/false) : given;
  throw TooFullError(
      describe_too_full(plan_schedule(ready.settings, ready.schedule, first_layers, costs, job), job));
}

PlannedSchedule choose_schedule(int64_t micro_batches, const ModelCosts& costs, const JobShape& job,
                                const GivenSplit& given) {
  auto candidates = schedules_to_try(job.grid.pipeline, costs.layers.size());
  if (!given.empty()) keep_those_with(given.size(), candidates, job.grid.pipeline);
  std::optional<PlannedSchedule> best;
  for (const ScheduleSettings& settings : candidates) {
    auto plan = plan_within_memory(make_ready_schedule(settings, job.grid.pipeline, micro_batches), costs,
                                   job, given);
    if (plan && (!best || better(*plan, *best))) best = std::move(plan);
  }
  if (best) return std::move(*best);

  // 1f1b needs less than most, and where it has too many stages for the layers, partition() says so.
  return plan_that_fits(make_ready_schedule(candidates.empty() ? OneForwardOneBackward{} : candidates.front(),
                                            job.grid.pipeline, micro_batches),
                        costs, job, given);
}

}  // namespace echelon::parallel
