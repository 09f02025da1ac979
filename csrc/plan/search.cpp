#include "plan/search.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "common/error.h"
#include "common/format.h"
#include "plan/report.h"
#include "train/inputs.h"

namespace echelon::plan {
namespace {

constexpr int kRepetitions = 2;
/// Of a step with more than twice so many micro-batches a rank of the pipeline, so many are simulated.
constexpr int64_t kSimulatedARank = 8;

struct Candidate {
  parallel::Grid grid;
  int64_t micro_batch = 1;
  int64_t micro_batches = 1;
  bool recompute = false;
  bool shard_optimizer = false;
};

std::vector<int64_t> divisors(int64_t number) {
  std::vector<int64_t> all;
  for (int64_t i = 1; i <= number; ++i) {
    if (number % i == 0) all.push_back(i);
  }
  return all;
}

/// Small ones first: they need the least memory.
std::vector<int64_t> micro_batches_to_try(int64_t per_replica, int pipeline) {
  std::vector<int64_t> sizes;
  for (const int64_t size : divisors(per_replica)) {
    if (per_replica / size >= pipeline) sizes.push_back(size);
  }
  return sizes;
}

std::vector<Candidate> candidates(const train::TrainSettings& settings, int ranks, size_t layers) {
  std::vector<Candidate> all;
  for (const int64_t pipeline : divisors(ranks)) {
    const parallel::Grid grid = parallel::make_grid(ranks, pipeline);
    if (static_cast<size_t>(pipeline) > layers || settings.global_batch % grid.replicas != 0) continue;
    const int64_t per_replica = settings.global_batch / grid.replicas;
    for (const int64_t size : micro_batches_to_try(per_replica, grid.pipeline)) {
      for (const bool recompute : {false, true}) {
        all.push_back({grid, size, per_replica / size, recompute, false});
        if (grid.replicas > 1) all.push_back({grid, size, per_replica / size, recompute, true});
      }
    }
  }
  return all;
}

/// So that a shell takes it as one word.
std::string quoted(const std::string& text) {
  return text.find(' ') == std::string::npos ? text : str_format("'{}'", text);
}

/// What the file says already is left out, but for the three that always count.
std::vector<std::string> overrides_of(const train::TrainSettings& settings, const Candidate& candidate,
                                      const parallel::ScheduleSettings& schedule) {
  const parallel::ParallelSettings& file = settings.parallel;
  std::vector<std::string> overrides{str_format("parallel.pipeline={}", candidate.grid.pipeline)};
  if (candidate.grid.pipeline > 1)
    overrides.push_back(quoted(str_format("parallel.schedule={}", parallel::schedule_text(schedule))));
  overrides.push_back(str_format("micro_batch={}", candidate.micro_batch));
  const std::string recompute = candidate.recompute ? "full" : "none";
  if (file.recompute.front() != recompute) overrides.push_back("parallel.recompute=" + recompute);
  if (file.shard_optimizer != candidate.shard_optimizer)
    overrides.push_back(str_format("parallel.shard_optimizer={}", candidate.shard_optimizer));
  if (file.split.front() != "auto") overrides.emplace_back("parallel.split=auto");
  return overrides;
}

/// What is predicted of a step.
struct Outcome {
  double seconds = 0;
  double idle_seconds = 0;  ///< of a rank on average
  double memory_bytes = 0;  ///< of the rank that needs most
};

Outcome outcome_of(const parallel::PlannedSchedule& plan) {
  const double seconds = plan.timeline.seconds;
  return {seconds, seconds * plan.timeline.step_idle_rate(), static_cast<double>(plan.fullest().total())};
}

/// In the middle of a step every further micro-batch takes the same time, and under gpipe the same memory.
Outcome extrapolated(const Outcome& few, const Outcome& more, double from_few_to_more, double further) {
  const auto at = [&](double a, double b) { return b + (b - a) / from_few_to_more * further; };
  return {at(few.seconds, more.seconds), std::max(0.0, at(few.idle_seconds, more.idle_seconds)),
          at(few.memory_bytes, more.memory_bytes)};
}

class Search {
 public:
  Search(const train::TrainSettings& settings, const PlanRequest& request, int ranks)
      : settings_(settings), profile_(settings, ranks, request.memory_bytes, kRepetitions) {
    result_.title = str_format("echelon plan {} --search: {} ranks, {}", request.name, ranks,
                               describe_hardware(profile_.hardware(), profile_.crowd()));
    result_.samples = static_cast<double>(settings.global_batch);
    result_.memory_bytes = profile_.hardware().memory_bytes;
  }

  SearchResult run(int ranks, size_t count) {
    const auto all = candidates(settings_, ranks, profile_.spec().layers.size());
    if (all.empty()) throw ConfigError(nothing_to_try(ranks));
    for (const Candidate& candidate : all) try_all_schedules(candidate);
    if (result_.entries.empty()) throw_what_is_missing(all);
    std::ranges::stable_sort(result_.entries, {}, &SearchEntry::seconds);
    if (result_.entries.size() > count) result_.entries.resize(count);
    return std::move(result_);
  }

 private:
  train::TrainSettings settings_of(const Candidate& candidate) const {
    train::TrainSettings settings = settings_;
    settings.parallel.shard_optimizer = candidate.shard_optimizer;
    return settings;
  }

  std::vector<bool> recomputed_in(const Candidate& candidate) const {
    return std::vector<bool>(profile_.spec().layers.size(), candidate.recompute);
  }

  void try_all_schedules(const Candidate& candidate) {
    for (const auto& schedule :
         parallel::schedules_to_try(candidate.grid.pipeline, profile_.spec().layers.size())) {
      ++result_.tried;
      const auto outcome = try_schedule(candidate, schedule);
      if (!outcome || outcome->memory_bytes > static_cast<double>(result_.memory_bytes)) continue;
      ++result_.fitting;
      result_.entries.push_back({overrides_of(settings_, candidate, schedule), candidate.grid,
                                 outcome->seconds, outcome->idle_seconds / outcome->seconds,
                                 static_cast<int64_t>(outcome->memory_bytes)});
    }
  }

  std::optional<Outcome> try_schedule(const Candidate& candidate,
                                      const parallel::ScheduleSettings& schedule) {
    const int64_t count = candidate.micro_batches, simulated = kSimulatedARank * candidate.grid.pipeline;
    if (count <= 2 * simulated) return simulate(candidate, schedule, count);
    const auto few = simulate(candidate, schedule, simulated / 2);
    const auto more = few ? simulate(candidate, schedule, simulated) : std::nullopt;
    if (!more) return std::nullopt;
    return extrapolated(*few, *more, static_cast<double>(simulated - simulated / 2),
                        static_cast<double>(count - simulated));
  }

  /// Cut by the estimate, as training does. Nothing where it does not fit.
  std::optional<Outcome> simulate(const Candidate& candidate, const parallel::ScheduleSettings& schedule,
                                  int64_t micro_batches) {
    const train::TrainSettings settings = settings_of(candidate);
    const auto recomputed = recomputed_in(candidate);
    const parallel::ReadySchedule& ready = ready_schedule(schedule, candidate.grid.pipeline, micro_batches);
    auto plan =
        parallel::plan_within_memory(ready, profile_.estimated_costs(candidate.micro_batch, recomputed),
                                     profile_.described_job_shape(settings, candidate.grid));
    if (plan && profile_.crowd()) {
      plan = parallel::plan_within_memory(ready, profile_.costs(candidate.micro_batch, recomputed),
                                          profile_.job_shape(settings, candidate.grid),
                                          parallel::GivenSplit(plan->stages.first_layers));
    }
    if (!plan) return std::nullopt;
    return outcome_of(*plan);
  }

  /// Made once; the same serves with every cost.
  const parallel::ReadySchedule& ready_schedule(const parallel::ScheduleSettings& schedule, int pipeline,
                                                int64_t micro_batches) {
    const std::tuple key{parallel::schedule_text(schedule), pipeline, micro_batches};
    const auto known = ready_.find(key);
    if (known != ready_.end()) return known->second;
    return ready_[key] = parallel::make_ready_schedule(schedule, pipeline, micro_batches);
  }

  std::string nothing_to_try(int ranks) const {
    return str_format(
        "global_batch: {} samples cannot be spread over {} ranks in any way; use a multiple of {}",
        settings_.global_batch, ranks, ranks);
  }

  /// The candidate with the most ranks in a pipeline and everything else that saves memory tells best.
  [[noreturn]] void throw_what_is_missing(const std::vector<Candidate>& all) {
    const Candidate& sparing = *std::ranges::max_element(all, {}, [](const Candidate& candidate) {
      return std::tuple(candidate.recompute, candidate.shard_optimizer, candidate.grid.pipeline,
                        -candidate.micro_batch);
    });
    parallel::choose_schedule(sparing.micro_batches,
                              profile_.costs(sparing.micro_batch, recomputed_in(sparing)),
                              profile_.job_shape(settings_of(sparing), sparing.grid));
    throw InternalError("a plan that the search found too large fits");
  }

  const train::TrainSettings& settings_;
  Profile profile_;
  std::map<std::tuple<std::string, int, int64_t>, parallel::ReadySchedule> ready_;
  SearchResult result_;
};

}  // namespace

SearchResult search(const train::TrainSettings& settings, const PlanRequest& request, size_t count) {
  const int ranks = request.ranks > 0 ? request.ranks : static_cast<int>(settings.parallel.pipeline);
  const train::TrainSettings known = train::with_inputs_of_data(settings);
  return Search(known, request, ranks).run(ranks, count);
}

std::string to_text(const SearchResult& result) {
  Table table{str_format("{} of {} combinations fit into {} a rank; the fastest {}", result.fitting,
                         result.tried, bytes_text(result.memory_bytes), result.entries.size()),
              {"step", "samples/s", "bubble", "memory", "replicas", "settings"},
              {},
              {5}};
  for (const SearchEntry& entry : result.entries) {
    table.rows.push_back({short_seconds(entry.seconds), rate_text(result.samples / entry.seconds),
                          percent(entry.bubble), bytes_text(entry.memory_bytes),
                          str_format("{}", entry.grid.replicas), join(entry.overrides, " ")});
  }
  std::string text = result.title + "\n\n" + to_text(table);
  text.pop_back();
  return text;
}

}  // namespace echelon::plan
