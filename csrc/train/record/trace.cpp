#include "train/record/trace.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/format.h"

namespace echelon::train {
namespace {

constexpr double kMicroseconds = 1e6;

double first_start(const std::vector<std::vector<TraceEvent>>& ranks) {
  double first = std::numeric_limits<double>::infinity();
  for (const auto& events : ranks) {
    for (const TraceEvent& event : events) first = std::min(first, event.start);
  }
  return first;
}

}  // namespace

std::string pack_events(const std::vector<TraceEvent>& events) {
  std::string lines;
  for (const TraceEvent& event : events)
    lines += str_format("{}\t{}\t{:a}\t{:a}\n", event.name, event.category, event.start, event.end);
  return lines;
}

std::vector<TraceEvent> unpack_events(std::string_view lines) {
  std::vector<TraceEvent> events;
  while (!lines.empty()) {
    TraceEvent event;
    std::string numbers[2];
    for (std::string* field : {&event.name, &event.category, &numbers[0], &numbers[1]}) {
      const size_t end = lines.find_first_of("\t\n");
      if (end == std::string_view::npos) throw InternalError("a trace event is cut off");
      *field = lines.substr(0, end);
      lines.remove_prefix(end + 1);
    }
    event.start = std::strtod(numbers[0].c_str(), nullptr);
    event.end = std::strtod(numbers[1].c_str(), nullptr);
    events.push_back(std::move(event));
  }
  return events;
}

void write_trace(const fs::path& path, const std::vector<std::vector<TraceEvent>>& ranks) {
  const double zero = first_start(ranks);
  nlohmann::json events = nlohmann::json::array();
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    events.push_back({{"name", "process_name"},
                      {"ph", "M"},
                      {"pid", rank},
                      {"args", {{"name", str_format("rank {}", rank)}}}});
    for (const TraceEvent& event : ranks[rank]) {
      events.push_back({{"name", event.name},
                        {"cat", event.category},
                        {"ph", "X"},
                        {"pid", rank},
                        {"tid", 0},
                        {"ts", (event.start - zero) * kMicroseconds},
                        {"dur", (event.end - event.start) * kMicroseconds}});
    }
  }
  const nlohmann::json trace = {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
  write_file_atomically(path, trace.dump() + "\n");
}

}  // namespace echelon::train
