#include <algorithm>
#include <cctype>
#include <cmath>

#include "common/format.h"
#include "schedule/timeline.h"

namespace echelon::schedule {
namespace {

constexpr int kFewestColumns = 10;
constexpr char kIdle = '.';

char letter_of(ActionKind kind) {
  switch (kind) {
    case ActionKind::kForward:
      return 'F';
    case ActionKind::kBackward:
      return 'B';
    case ActionKind::kBackwardInput:
      return 'I';
    case ActionKind::kBackwardWeight:
      return 'W';
    case ActionKind::kStep:
      return 'S';
    default:
      return 0;
  }
}

int first_stage(const std::vector<Span>& spans) {
  int first = Action::kNone;
  for (const Span& span : spans) {
    if (is_compute(span.action.kind) && (first == Action::kNone || span.action.stage < first)) {
      first = span.action.stage;
    }
  }
  return first;
}

std::string label_of(const Action& action, int first) {
  std::string label(1, letter_of(action.kind));
  if (action.kind == ActionKind::kStep) return label;
  if (action.stage != first) label[0] = static_cast<char>(std::tolower(label[0]));
  return label + std::to_string(action.micro_batch);
}

/// `columns` characters of a rank's time.
std::string draw(const std::vector<Span>& spans, double seconds, int columns) {
  std::string cells(columns, kIdle);
  const int first = first_stage(spans);
  const double scale = seconds > 0 ? columns / seconds : 0;
  for (const Span& span : spans) {
    if (!letter_of(span.action.kind)) continue;
    const int begin = std::min(columns, static_cast<int>(std::lround(span.start * scale)));
    const int end = std::min(columns, static_cast<int>(std::lround(span.end * scale)));
    std::string label = label_of(span.action, first);
    if (static_cast<int>(label.size()) > end - begin) label.resize(1);
    for (int i = begin; i < end; ++i) {
      const size_t place = i - begin;
      cells[i] = place < label.size() ? label[place] : '-';
    }
  }
  return cells;
}

std::string_view colour_of(char letter) {
  switch (letter) {
    case 'F':
      return "\x1b[44;97m";
    case 'B':
    case 'I':
      return "\x1b[42;30m";
    case 'W':
      return "\x1b[46;30m";
    case 'S':
      return "\x1b[43;30m";
    default:
      return "\x1b[0m";
  }
}

std::string coloured(const std::string& cells) {
  std::string text;
  for (const char cell : cells) {
    if (std::isalpha(static_cast<unsigned char>(cell)) || cell == kIdle) {
      text += colour_of(static_cast<char>(std::toupper(cell)));
    }
    text += cell;
  }
  return text + "\x1b[0m";
}

}  // namespace

std::string timeline_text(const Timeline& timeline, int width, bool colours) {
  const int ranks = static_cast<int>(timeline.ranks.size());
  const int digits = static_cast<int>(std::to_string(std::max(0, ranks - 1)).size());
  const int label_columns = 5 + digits + 2;           // "rank 0 |"
  constexpr int kSummaryColumns = 1 + 6 + 6 + 1 + 1;  // "| idle 100.0 %"
  const int columns = std::max(kFewestColumns, width - label_columns - kSummaryColumns);

  std::string text;
  for (int rank = 0; rank < ranks; ++rank) {
    const std::string cells = draw(timeline.ranks[rank], timeline.seconds, columns);
    const RankUse& use = timeline.use[rank];
    const double total = use.busy + use.bubble;
    text += str_format("rank {:>{}} |{}| idle {:>5.1f} %\n", rank, digits, colours ? coloured(cells) : cells,
                       total > 0 ? 100 * use.bubble / total : 0.0);
  }
  const std::string end = human_seconds(timeline.seconds);
  text += std::string(label_columns, ' ') + "0" +
          std::string(std::max(1, columns - 1 - static_cast<int>(end.size())), ' ') + end + "\n";
  return text;
}

}  // namespace echelon::schedule
