// Random schedules: some that can run, in orders that no generator makes, and some that cannot.
#pragma once

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

#include "schedule/communication.h"

namespace echelon::parallel::testing {

using Random = std::mt19937;

inline size_t below(Random& random, size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
}

/// Up to two stages a rank, anywhere; as compute actions the order in which one processor might do all.
inline schedule::Schedule random_schedule(Random& random, int ranks) {
  using schedule::ActionKind;
  const auto count = static_cast<size_t>(ranks);
  schedule::Schedule schedule{"random", static_cast<int>(1 + below(random, 5)), {}, {}};
  schedule.ranks.resize(count);
  const size_t stages = count + below(random, count + 1);
  for (size_t stage = 0; stage < stages; ++stage)
    schedule.rank_of_stage.push_back(static_cast<int>(stage < count ? stage : below(random, count)));
  std::shuffle(schedule.rank_of_stage.begin(), schedule.rank_of_stage.end(), random);
  std::vector<schedule::Action> ready;
  for (int i = 0; i < schedule.micro_batches; ++i) ready.push_back({ActionKind::kForward, 0, i});
  while (!ready.empty()) {
    std::swap(ready[below(random, ready.size())], ready.back());
    const auto [kind, stage, micro_batch] = ready.back();
    ready.pop_back();
    const auto rank = static_cast<size_t>(schedule.rank_of_stage[static_cast<size_t>(stage)]);
    schedule.ranks[rank].push_back({kind, stage, micro_batch});
    const ActionKind backward = below(random, 2) == 0 ? ActionKind::kBackward : ActionKind::kBackwardInput;
    if (kind == ActionKind::kForward && stage + 1 < schedule.stages())
      ready.push_back({ActionKind::kForward, stage + 1, micro_batch});
    if (kind == ActionKind::kForward && stage + 1 == schedule.stages())
      ready.push_back({backward, stage, micro_batch});
    if (schedule::is_input_backward(kind) && stage > 0) ready.push_back({backward, stage - 1, micro_batch});
    if (kind == ActionKind::kBackwardInput)
      ready.push_back({ActionKind::kBackwardWeight, stage, micro_batch});
  }
  return schedule;
}

/// Moves an action to near where it stood; now and then repeats or drops it.
inline void disturb(schedule::Schedule& schedule, Random& random) {
  std::vector<schedule::Action>& actions = schedule.ranks[below(random, schedule.ranks.size())];
  if (actions.empty()) return;
  const auto from = static_cast<std::ptrdiff_t>(below(random, actions.size()));
  const schedule::Action action = actions[static_cast<size_t>(from)];
  const size_t choice = below(random, 20);
  if (choice > 0) actions.erase(actions.begin() + from);
  if (choice == 1) return;
  const auto wanted = from + static_cast<std::ptrdiff_t>(below(random, 13)) - 6;
  const auto last = static_cast<std::ptrdiff_t>(actions.size());
  actions.insert(actions.begin() + std::clamp<std::ptrdiff_t>(wanted, 0, last), action);
}

/// With communication, and changes to what is computed, to the complete list, or to both.
inline schedule::Schedule disturbed_schedule(Random& random, int ranks) {
  schedule::Schedule schedule = random_schedule(random, ranks);
  for (size_t changes = below(random, 3); changes > 0; --changes) disturb(schedule, random);
  schedule = schedule::with_communication(schedule);
  for (size_t changes = below(random, 4); changes > 0; --changes) disturb(schedule, random);
  return schedule;
}

}  // namespace echelon::parallel::testing
