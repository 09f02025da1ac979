#include "schedule/simulate.h"

#include <algorithm>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "schedule/simulation.h"

namespace echelon::schedule {
namespace {

void require_costs(const Schedule& schedule, const Costs& costs, const SimulateOptions& options) {
  const auto require = [&](const char* what, size_t has, int needed) {
    if (has == static_cast<size_t>(needed)) return;
    throw ConfigError(str_format("pipeline schedule {} cannot be simulated: it needs {} {}, has {}",
                                 schedule.name, needed, what, has));
  };
  require("costs of stages", costs.stages.size(), schedule.stages());
  if (!costs.step.empty()) require("costs of steps", costs.step.size(), schedule.rank_count());
  if (!options.node_of_rank.empty()) {
    require("nodes of ranks", options.node_of_rank.size(), schedule.rank_count());
  }
}

/// First start and last end of the compute actions.
struct Extent {
  double first = std::numeric_limits<double>::infinity();
  double last = 0;
  void add(const Span& span) {
    first = std::min(first, span.start);
    last = std::max(last, span.end);
  }
};

void measure_memory(const std::vector<Span>& spans, const Costs& costs, RankUse& use) {
  double activations = 0, deferred = 0;
  for (const Span& span : spans) {
    if (!is_compute(span.action.kind)) continue;
    const StageCosts& stage = costs.stages[span.action.stage];
    if (span.action.kind == ActionKind::kForward) activations += stage.activation_bytes;
    if (is_input_backward(span.action.kind)) activations -= stage.activation_bytes;
    if (span.action.kind == ActionKind::kBackwardInput) deferred += stage.deferred_bytes;
    if (span.action.kind == ActionKind::kBackwardWeight) deferred -= stage.deferred_bytes;
    use.peak_activation_bytes = std::max(use.peak_activation_bytes, activations);
    use.peak_deferred_bytes = std::max(use.peak_deferred_bytes, deferred);
    use.peak_bytes = std::max(use.peak_bytes, activations + deferred);
  }
}

void measure_time(Timeline& timeline) {
  Extent all;
  std::vector<Extent> extents(timeline.ranks.size());
  for (size_t rank = 0; rank < timeline.ranks.size(); ++rank) {
    for (const Span& span : timeline.ranks[rank]) {
      timeline.seconds = std::max(timeline.seconds, span.end);
      if (!is_compute(span.action.kind)) continue;
      all.add(span);
      extents[rank].add(span);
      timeline.use[rank].busy += span.end - span.start;
    }
  }
  for (size_t rank = 0; rank < timeline.ranks.size(); ++rank) {
    RankUse& use = timeline.use[rank];
    use.bubble = extents[rank].last - extents[rank].first - use.busy;
    use.step_idle = all.last - all.first - use.busy;
  }
}

double idle_rate(const std::vector<RankUse>& use, double RankUse::*idle) {
  double idle_seconds = 0, busy = 0;
  for (const RankUse& rank : use) {
    idle_seconds += rank.*idle;
    busy += rank.busy;
  }
  return idle_seconds + busy > 0 ? idle_seconds / (idle_seconds + busy) : 0;
}

}  // namespace

Costs equal_costs(int stages, double forward, double input, double weight) {
  return {std::vector<StageCosts>(stages, {.forward = forward, .input = input, .weight = weight}), {}};
}

double Timeline::bubble_rate() const {
  double largest = 0;
  for (const RankUse& rank : use) largest = std::max(largest, idle_rate({rank}, &RankUse::bubble));
  return largest;
}

double Timeline::mean_bubble_rate() const {
  return idle_rate(use, &RankUse::bubble);
}

double Timeline::step_idle_rate() const {
  return idle_rate(use, &RankUse::step_idle);
}

Timeline simulate(const Schedule& schedule, const Costs& costs, const SimulateOptions& options) {
  require_costs(schedule, costs, options);
  Timeline timeline;
  timeline.ranks = Simulation(schedule, costs, options).run();
  timeline.use.resize(timeline.ranks.size());
  for (size_t rank = 0; rank < timeline.ranks.size(); ++rank) {
    measure_memory(timeline.ranks[rank], costs, timeline.use[rank]);
  }
  measure_time(timeline);
  return timeline;
}

}  // namespace echelon::schedule
