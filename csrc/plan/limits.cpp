#include "plan/limits.h"

#include <algorithm>
#include <array>

#include "common/format.h"

namespace echelon::plan {
namespace {

/// With so little beside it, computation is the limit.
constexpr double kMostlyCompute = 0.75;

double seconds_without_messages(const parallel::PlannedSchedule& plan, const parallel::JobShape& job) {
  schedule::Costs costs = plan.costs;
  for (schedule::StageCosts& stage : costs.stages) stage.send_activations = stage.send_gradients = 0;
  return schedule::simulate(plan.schedule, costs, parallel::simulate_options(job)).seconds;
}

}  // namespace

TimeShares time_shares(const parallel::PlannedSchedule& plan, const parallel::JobShape& job) {
  const schedule::Timeline& timeline = plan.timeline;
  const auto busiest = std::ranges::max_element(timeline.use, {}, &schedule::RankUse::busy);
  const auto& spans = timeline.ranks[static_cast<size_t>(busiest - timeline.use.begin())];
  double last_compute = 0, step_start = 0, step_end = 0;
  for (const schedule::Span& span : spans) {
    if (schedule::is_compute(span.action.kind)) last_compute = std::max(last_compute, span.end);
    if (span.action.kind != schedule::ActionKind::kStep) continue;
    step_start = span.start;
    step_end = span.end;
  }
  TimeShares shares{.compute = busiest->busy / timeline.seconds,
                    .reduction = (step_start - last_compute) / timeline.seconds,
                    .optimizer = (step_end - step_start) / timeline.seconds};
  const double rest = std::max(0.0, 1 - shares.compute - shares.reduction - shares.optimizer);
  const double longer = timeline.seconds - seconds_without_messages(plan, job);
  shares.messages = std::clamp(longer / timeline.seconds, 0.0, rest);
  shares.idle = rest - shares.messages;
  return shares;
}

std::string describe_limit(const TimeShares& shares, bool arithmetic_bound) {
  struct Limit {
    double share;
    const char* text;
  };
  const std::array<Limit, 4> others{{
      {shares.idle,
       "the pipeline's idle time; more micro-batches, another schedule or fewer stages lessen it"},
      {shares.messages, "messages between stages; stages on one node, or fewer of them, lessen it"},
      {shares.reduction, "the reduction of gradients; larger batches or fewer replicas lessen it"},
      {shares.optimizer, "the optimizer's step; parallel.shard_optimizer or larger batches lessen it"},
  }};
  const Limit& largest = *std::ranges::max_element(others, {}, &Limit::share);
  if (shares.compute >= kMostlyCompute)
    return str_format("computation, by {}", arithmetic_bound ? "arithmetic" : "memory traffic");
  return largest.text;
}

bool is_arithmetic_bound(const parallel::ModelCosts& costs, const parallel::Hardware& hardware) {
  double flops = 0, bytes = 0;
  for (const parallel::LayerCost& layer : costs.layers) {
    flops += layer.forward_flops + layer.input_flops + layer.weight_flops;
    bytes += layer.forward_bytes + layer.input_bytes + layer.weight_bytes;
  }
  return flops / hardware.flops_per_second >= bytes / hardware.memory_bytes_per_second;
}

}  // namespace echelon::plan
