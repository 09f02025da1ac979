#include "schedule/csv.h"

#include <algorithm>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"

namespace echelon::schedule {
namespace {

constexpr std::string_view kSpace = " \t\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

/// Takes the text up to `separator` off the front.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

std::vector<Action> parse_row(std::string_view row, const std::string& name, int number) {
  std::vector<Action> actions;
  for (int cell = 1; !row.empty(); ++cell) {
    const std::string_view text = trimmed(take(row, ','));
    if (text.empty()) continue;
    try {
      actions.push_back(parse_action(text));
    } catch (const ConfigError& error) {
      throw ConfigError(str_format("{}:{}: cell {}: {}", name, number, cell, error.what()));
    }
  }
  return actions;
}

/// Stages, their ranks and the number of micro-batches, from the actions.
void infer_shape(Schedule& schedule) {
  int stages = 0;
  size_t actions = 0;
  for (const auto& list : schedule.ranks) {
    actions += list.size();
    for (const Action& action : list) {
      stages = std::max(stages, action.stage + 1);
      schedule.micro_batches = std::max(schedule.micro_batches, action.micro_batch + 1);
    }
  }
  // Each takes an action at least: a slip in a number must not make a schedule of millions of stages.
  for (const auto& [what, count] : {std::pair("stages", stages), {"micro-batches", schedule.micro_batches}}) {
    if (static_cast<size_t>(count) <= actions) continue;
    throw ConfigError(str_format("{}: its numbers speak of {} {}, but it has only {} actions", schedule.name,
                                 count, what, actions));
  }
  schedule.rank_of_stage.assign(stages, Action::kNone);
  for (int rank = schedule.rank_count() - 1; rank >= 0; --rank) {
    for (const Action& action : schedule.ranks[rank]) {
      if (action.stage != Action::kNone) schedule.rank_of_stage[action.stage] = rank;
    }
  }
}

}  // namespace

Schedule parse_csv(std::string_view text, const std::string& name) {
  Schedule schedule;
  schedule.name = name;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view row = take(text, '\n');
    if (trimmed(row).starts_with('#')) continue;
    std::vector<Action> actions = parse_row(row, name, number);
    if (!actions.empty()) schedule.ranks.push_back(std::move(actions));
  }
  if (schedule.ranks.empty()) {
    throw ConfigError(str_format("{}: holds no action; write one row a rank, such as 0F0,0B0", name));
  }
  infer_shape(schedule);
  return schedule;
}

Schedule read_csv(const std::filesystem::path& path) {
  return parse_csv(read_file(path), path.string());
}

std::string to_csv(const Schedule& schedule) {
  std::string text;
  for (const auto& actions : schedule.ranks) {
    std::vector<std::string> cells;
    for (const Action& action : actions) cells.push_back(to_string(action));
    text += join(cells, ",") + "\n";
  }
  return text;
}

}  // namespace echelon::schedule
