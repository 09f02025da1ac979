// What the ranks of a job did when, as a file that chrome://tracing and ui.perfetto.dev show.
//
// Format: the JSON object format of "Trace Event Format" (Chrome project): a complete event ("ph": "X") an
// activity, with start and duration in microseconds, `pid` the rank; and an event that names each rank.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/file.h"

namespace echelon::train {

struct TraceEvent {
  std::string name;      ///< "3F5"
  std::string category;  ///< "forward"
  double start = 0;      ///< seconds
  double end = 0;
  bool operator==(const TraceEvent&) const = default;
};

/// A line an event: for the way to another rank. The inverse throws InternalError.
std::string pack_events(const std::vector<TraceEvent>& events);
std::vector<TraceEvent> unpack_events(std::string_view lines);

/// One list of events a rank, on a common clock; time 0 is the first start. Throws Error that names the path.
void write_trace(const fs::path& path, const std::vector<std::vector<TraceEvent>>& ranks);

}  // namespace echelon::train
