// Records the chosen steps of all ranks into trace.json of the run's folder.
#pragma once

#include <vector>

#include "comm/communicator.h"
#include "common/file.h"
#include "parallel/pipeline/runtime.h"
#include "train/record/trace.h"
#include "train/settings.h"

namespace echelon::train {

class Tracer {
 public:
  Tracer(const TraceSettings& settings, fs::path path) : settings_(settings), path_(std::move(path)) {}

  /// Before step `step` (from 0): from here on `runtime`'s actions are recorded, or are not.
  void begin_step(int64_t step, parallel::PipelineRuntime& runtime);
  /// Something else that this rank did, in steady_time().
  void add(std::string name, double start, double end);
  /// After the step. The last one writes the file, from the events of all ranks. Collective.
  void end_step(int64_t step, parallel::PipelineRuntime& runtime, Communicator& comm);

 private:
  bool covers(int64_t step) const;
  void write(Communicator& comm);

  TraceSettings settings_;
  fs::path path_;
  bool recording_ = false;
  std::vector<parallel::ActionTime> actions_;
  std::vector<TraceEvent> events_;
};

}  // namespace echelon::train
