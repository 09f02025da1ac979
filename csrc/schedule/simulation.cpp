#include "schedule/simulation.h"

#include <algorithm>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "schedule/messages.h"

namespace echelon::schedule {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
/// Ends that differ by less than rounding are the same moment.
constexpr double kRounding = 1e-12;

int node_of(const SimulateOptions& options, int rank) {
  return options.node_of_rank.empty() ? 0 : options.node_of_rank.at(rank);
}

}  // namespace

double ChannelTimes::arrival(int number) const {
  return number < static_cast<int>(arrivals.size()) ? arrivals[number] : kNever;
}

void ChannelTimes::match() {
  while (arrivals.size() < std::min(sends.size(), receives.size())) {
    Span& send = *sends[arrivals.size()];
    Span& receive = *receives[arrivals.size()];
    double departure = std::max(send.start, receive.start);
    if (!arrivals.empty()) departure = std::max(departure, arrivals.back());
    arrivals.push_back(send.end = receive.end = departure + transfer);
  }
}

Simulation::Simulation(const Schedule& schedule, const Costs& costs, const SimulateOptions& options)
    : schedule_(schedule),
      costs_(costs),
      options_(options),
      channels_(channel_count(schedule)),
      states_(schedule.rank_count()),
      backwards_left_(schedule.stages(), 0) {
  for (int stage = 0; stage + 1 < schedule.stages(); ++stage) {
    channels_[2 * stage].transfer = costs.stages[stage].send_activations;
    channels_[2 * stage + 1].transfer = costs.stages[stage + 1].send_gradients;
  }
  for (ChannelTimes& channel : channels_) channel.number_of.resize(schedule.micro_batches);
  for (const auto& actions : schedule.ranks) {
    spans_.emplace_back();
    for (const Action& action : actions) {
      spans_.back().push_back({action});
      if (is_weight_backward(action.kind)) ++backwards_left_[action.stage];
    }
  }
}

std::vector<std::vector<Span>> Simulation::run() {
  const int ranks = schedule_.rank_count();
  while (true) {
    for (bool progress = true; progress;) {
      progress = false;
      for (int rank = 0; rank < ranks; ++rank) {
        while (advance(rank)) progress = true;
      }
    }
    bool done = true;
    for (int rank = 0; rank < ranks; ++rank) done &= is_done(rank);
    if (done) return std::move(spans_);
    advance_time();
  }
}

/// Brings a rank one action on if it can get on at this moment.
bool Simulation::advance(int rank) {
  RankState& state = states_[rank];
  if (is_done(rank) || state.computing) return false;
  if (!state.begun) begin(rank);
  if (ready_at(rank) > now_) return false;
  Span& span = spans_[rank][state.index];
  if (is_compute(span.action.kind) || span.action.kind == ActionKind::kStep) {
    span.start = now_;
    state.computing = true;
    state.remaining = work_of(rank, span.action);
  } else {
    ++state.index;
    state.begun = false;
  }
  return true;
}

void Simulation::begin(int rank) {
  Span& span = spans_[rank][states_[rank].index];
  states_[rank].begun = true;
  if (!is_send(span.action.kind) && !is_receive(span.action.kind)) return;
  ChannelTimes& channel = channels_[channel_of(span.action)];
  span.start = now_;
  if (is_receive(span.action.kind)) {
    channel.number_of[span.action.micro_batch] = static_cast<int>(channel.receives.size());
  }
  (is_send(span.action.kind) ? channel.sends : channel.receives).push_back(&span);
  channel.match();
}

/// When the rank's action can be gone past, or a compute action can start; infinity when that is not known
/// yet.
double Simulation::ready_at(int rank) const {
  const Action& action = spans_[rank][states_[rank].index].action;
  if (action.kind == ActionKind::kStep) return std::max(now_, states_[rank].reduced);
  if (is_send(action.kind)) {
    const ChannelTimes& channel = channels_[channel_of(action)];
    const int must_be_there = static_cast<int>(channel.sends.size()) - 1 - options_.send_buffers;
    return must_be_there < 0 ? now_ : channel.arrival(must_be_there);
  }
  const auto receive = is_compute(action.kind) ? needed_receive(schedule_, action) : std::nullopt;
  if (!receive) return now_;
  const ChannelTimes& channel = channels_[channel_of(*receive)];
  return channel.arrival(channel.number_of[receive->micro_batch]);
}

double Simulation::work_of(int rank, const Action& action) const {
  if (action.kind == ActionKind::kStep) return costs_.step.empty() ? 0 : costs_.step[rank];
  const StageCosts& stage = costs_.stages[action.stage];
  if (action.kind == ActionKind::kForward) return stage.forward;
  if (action.kind == ActionKind::kBackwardInput) return stage.input;
  if (action.kind == ActionKind::kBackwardWeight) return stage.weight;
  return stage.input + stage.weight;
}

void Simulation::finish(int rank) {
  RankState& state = states_[rank];
  Span& span = spans_[rank][state.index];
  span.end = now_;
  state.computing = false;
  state.begun = false;
  ++state.index;
  if (is_weight_backward(span.action.kind)) reduce_if_last(rank, span.action);
}

void Simulation::reduce_if_last(int rank, const Action& action) {
  if (--backwards_left_[action.stage] > 0) return;
  for (Span& span : spans_[rank]) {
    if (span.action != Action{ActionKind::kReduce, action.stage}) continue;
    span.start = std::max(now_, states_[rank].reduced);
    states_[rank].reduced = span.end = span.start + costs_.stages[action.stage].reduce;
  }
}

double Simulation::rate(int rank) const {
  if (options_.cores_per_node <= 0) return 1;
  int computing = 0;
  for (int other = 0; other < schedule_.rank_count(); ++other) {
    computing += states_[other].computing && node_of(options_, other) == node_of(options_, rank);
  }
  return std::min(1.0, options_.cores_per_node / computing);
}

/// To the next moment at which anything happens.
void Simulation::advance_time() {
  const int ranks = schedule_.rank_count();
  std::vector<double> rates(ranks, 0), next(ranks, kNever);
  for (int rank = 0; rank < ranks; ++rank) {
    if (is_done(rank)) continue;
    if (states_[rank].computing) rates[rank] = rate(rank);
    next[rank] = states_[rank].computing ? now_ + states_[rank].remaining / rates[rank] : ready_at(rank);
  }
  const double then = *std::min_element(next.begin(), next.end());
  if (then == kNever) {
    throw ConfigError(str_format("pipeline schedule {} cannot be simulated: its ranks wait for each other",
                                 schedule_.name));
  }
  const double passed = then - now_;
  now_ = then;
  for (int rank = 0; rank < ranks; ++rank) {
    if (!states_[rank].computing) continue;
    if (next[rank] <= then * (1 + kRounding)) {
      finish(rank);
    } else {
      states_[rank].remaining -= passed * rates[rank];
    }
  }
}

}  // namespace echelon::schedule
