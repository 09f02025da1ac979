#include <algorithm>

#include "common/format.h"
#include "schedule/checks.h"
#include "schedule/messages.h"

namespace echelon::schedule {
namespace {

bool stands_before(const Place& a, const Place& b) {
  return a.rank == b.rank && a.index < b.index;
}

/// What the action is after, on its own rank: its own first half, and a neighbour's that hands over without a
/// message.
std::vector<Action> local_predecessors(const Examination& examination, const Action& action) {
  const Schedule& schedule = examination.schedule;
  const auto [kind, stage, micro_batch] = action;
  std::vector<Action> before;
  if (is_input_backward(kind)) before.push_back({ActionKind::kForward, stage, micro_batch});
  if (kind == ActionKind::kBackwardWeight) {
    before.push_back({ActionKind::kBackwardInput, stage, micro_batch});
  }
  const std::optional<int> awaited = awaited_stage(schedule, action);
  if (!awaited || schedule.rank_of_stage[*awaited] != schedule.rank_of_stage[stage]) return before;
  if (kind == ActionKind::kForward) {
    before.push_back({ActionKind::kForward, *awaited, micro_batch});
  } else {
    const Action whole{ActionKind::kBackward, *awaited, micro_batch};
    const Action input{ActionKind::kBackwardInput, *awaited, micro_batch};
    before.push_back(examination.places.has(whole) ? whole : input);
  }
  return before;
}

/// The compute action that a message belongs to: what makes the content of a send, what consumes a receive.
Action compute_of(const Examination& examination, const Action& message) {
  const auto [kind, stage, micro_batch] = message;
  if (kind == ActionKind::kSendActivations || kind == ActionKind::kReceiveActivations) {
    return {ActionKind::kForward, stage, micro_batch};
  }
  const Action whole{ActionKind::kBackward, stage, micro_batch};
  return examination.places.has(whole) ? whole : Action{ActionKind::kBackwardInput, stage, micro_batch};
}

void check_message(Examination& examination, const Place& place, const Action& message) {
  const Schedule& schedule = examination.schedule;
  const Action compute = compute_of(examination, message);
  const bool send = is_send(message.kind);
  const auto needed = send ? needed_send(schedule, compute) : needed_receive(schedule, compute);
  if (needed != message) {
    examination.add(place, "is of no use: the neighbouring stage is on the same rank, or there is none");
    return;
  }
  const Place compute_place = examination.places.of(compute).front();
  if (send && stands_before(place, compute_place)) {
    examination.add(place, str_format("stands before {}, which makes what it sends", to_string(compute)));
  }
  const std::vector<Place>& places = examination.places.of(message);
  if (stands_before(places.front(), place)) {
    examination.add(place, str_format("stands a second time; it is action {} already", places.front().index));
  }
  const Action other = counterpart(message);
  if (!examination.places.has(other)) {
    examination.add(place, str_format("has no match: {} is missing on rank {}", to_string(other),
                                      schedule.rank_of_stage[other.stage]));
  }
}

void check_compute(Examination& examination, const Place& place, const Action& action) {
  for (const Action& before : local_predecessors(examination, action)) {
    if (!stands_before(examination.places.of(before).front(), place)) {
      examination.add(place, str_format("must stand behind {}", to_string(before)));
    }
  }
}

void check_needs(Examination& examination, const Place& place, const Action& action) {
  if (const auto receive = needed_receive(examination.schedule, action)) {
    const std::vector<Place>& receives = examination.places.of(*receive);
    if (receives.empty()) {
      examination.add(place, str_format("waits for {}, which is missing on its rank", to_string(*receive)));
    } else if (!stands_before(receives.front(), place)) {
      examination.add(place, str_format("waits for {}, which stands behind it", to_string(*receive)));
    }
  }
  const auto send = needed_send(examination.schedule, action);
  if (send && !examination.places.has(*send)) {
    examination.add(place, str_format("{} is missing, which sends what it makes", to_string(*send)));
  }
}

}  // namespace

void check_order(Examination& examination) {
  for_each_action(examination.schedule, [&](const Place& place, const Action& action) {
    if (is_compute(action.kind)) check_compute(examination, place, action);
  });
}

void check_messages(Examination& examination) {
  for_each_action(examination.schedule, [&](const Place& place, const Action& action) {
    if (is_compute(action.kind)) check_needs(examination, place, action);
    if (is_send(action.kind) || is_receive(action.kind)) check_message(examination, place, action);
  });
}

void check_message_order(Examination& examination) {
  std::vector<std::vector<Action>> sends(channel_count(examination.schedule));
  for_each_action(examination.schedule, [&](const Place&, const Action& action) {
    if (is_send(action.kind)) sends[channel_of(action)].push_back(action);
  });
  std::vector<size_t> received(sends.size(), 0);
  std::vector<bool> swapped(sends.size(), false);
  for_each_action(examination.schedule, [&](const Place& place, const Action& action) {
    if (!is_receive(action.kind)) return;
    const int channel = channel_of(action);
    const Action expected = counterpart(sends[channel][received[channel]++]);
    if (expected == action || swapped[channel]) return;
    swapped[channel] = true;
    examination.add(place, str_format("is out of order: rank {} sends micro-batch {} at this point",
                                      examination.schedule.rank_of_stage[counterpart(action).stage],
                                      expected.micro_batch));
  });
}

}  // namespace echelon::schedule
