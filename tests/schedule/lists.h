// Schedules written as text, for tests.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "common/format.h"
#include "schedule/action.h"

namespace echelon::schedule {

/// One text a rank, actions between spaces. Stages are placed where they are first named.
inline Schedule from_rows(const std::vector<std::string>& rows) {
  Schedule schedule{"test", 0, {}, {}};
  for (const std::string& row : rows) {
    std::istringstream words(row);
    std::vector<Action> actions;
    for (std::string word; words >> word;) {
      const Action action = parse_action(word);
      actions.push_back(action);
      schedule.micro_batches = std::max(schedule.micro_batches, action.micro_batch + 1);
      const auto stages = static_cast<size_t>(action.stage + 1);
      if (schedule.rank_of_stage.size() < stages) schedule.rank_of_stage.resize(stages, Action::kNone);
      if (action.stage == Action::kNone || schedule.rank_of_stage[action.stage] != Action::kNone) continue;
      schedule.rank_of_stage[action.stage] = schedule.rank_count();
    }
    schedule.ranks.push_back(actions);
  }
  return schedule;
}

/// The inverse.
inline std::string to_row(const std::vector<Action>& actions) {
  std::vector<std::string> words;
  for (const Action& action : actions) words.push_back(to_string(action));
  return join(words, " ");
}

}  // namespace echelon::schedule
