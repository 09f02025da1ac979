// Where each action of a schedule stands.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

struct Place {
  int rank = 0;
  int index = 0;
};

/// visit(place, action) for each action, by rank and index.
template <class Visit>
void for_each_action(const Schedule& schedule, Visit visit) {
  for (int rank = 0; rank < schedule.rank_count(); ++rank) {
    for (int index = 0; index < static_cast<int>(schedule.ranks[rank].size()); ++index) {
      visit(Place{rank, index}, schedule.ranks[rank][index]);
    }
  }
}

class Places {
 public:
  explicit Places(const Schedule& schedule) {
    for_each_action(schedule,
                    [&](const Place& place, const Action& action) { places_[key(action)].push_back(place); });
  }

  /// All places of an action, by rank and index.
  const std::vector<Place>& of(const Action& action) const {
    static const std::vector<Place> kNowhere;
    const auto found = places_.find(key(action));
    return found == places_.end() ? kNowhere : found->second;
  }
  bool has(const Action& action) const { return !of(action).empty(); }

 private:
  static std::tuple<ActionKind, int, int> key(const Action& action) {
    return {action.kind, action.stage, action.micro_batch};
  }

  std::map<std::tuple<ActionKind, int, int>, std::vector<Place>> places_;
};

}  // namespace echelon::schedule
