#include "train/tracer.h"

#include "comm/text_exchange.h"
#include "common/log.h"
#include "train/clock_offset.h"

namespace echelon::train {
namespace {

using schedule::ActionKind;

const char* category_of(ActionKind kind) {
  switch (kind) {
    case ActionKind::kForward:
      return "forward";
    case ActionKind::kBackward:
      return "backward";
    case ActionKind::kBackwardInput:
      return "backward for inputs";
    case ActionKind::kBackwardWeight:
      return "backward for weights";
    default:
      return "communication";
  }
}

}  // namespace

bool Tracer::covers(int64_t step) const {
  return settings_.enabled && step + 1 >= settings_.first_step &&
         step + 1 < settings_.first_step + settings_.steps;
}

void Tracer::begin_step(int64_t step, parallel::PipelineRuntime& runtime) {
  recording_ = covers(step);
  runtime.record_times(recording_ ? &actions_ : nullptr);
}

void Tracer::add(std::string name, double start, double end) {
  if (recording_) events_.push_back({std::move(name), "step", start, end});
}

void Tracer::end_step(int64_t step, parallel::PipelineRuntime& runtime, Communicator& comm) {
  if (!recording_) return;
  recording_ = false;
  runtime.record_times(nullptr);
  for (const parallel::ActionTime& time : actions_) {
    if (schedule::is_compute(time.action.kind))
      events_.push_back({to_string(time.action), category_of(time.action.kind), time.start, time.end});
  }
  actions_.clear();
  if (!covers(step + 1)) write(comm);
}

void Tracer::write(Communicator& comm) {
  const double offset = offset_to_first_rank(comm);
  for (TraceEvent& event : events_) {
    event.start += offset;
    event.end += offset;
  }
  const std::vector<std::string> packed = gather_texts(comm, pack_events(events_));
  events_.clear();
  if (comm.rank() != 0) return;
  std::vector<std::vector<TraceEvent>> ranks;
  for (const std::string& lines : packed) ranks.push_back(unpack_events(lines));
  write_trace(path_, ranks);
  log::info("the trace is in {}; open it at ui.perfetto.dev", path_.string());
}

}  // namespace echelon::train
