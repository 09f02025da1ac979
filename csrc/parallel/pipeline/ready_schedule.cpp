#include "parallel/pipeline/ready_schedule.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "schedule/communication.h"
#include "schedule/csv.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel {
namespace {

int chunks_of(const ScheduleSettings& settings) {
  const auto* interleaved = std::get_if<Interleaved>(&settings);
  return interleaved != nullptr ? static_cast<int>(interleaved->chunks) : 1;
}

std::string describe_size(int64_t ranks, int64_t micro_batches) {
  return str_format("{} rank{} and {} micro-batch{}", ranks, ranks == 1 ? "" : "s", micro_batches,
                    micro_batches == 1 ? "" : "es");
}

ReadySchedule read_schedule(const ScheduleFile& file, int pipeline, int64_t micro_batches) {
  const schedule::Schedule computations = schedule::read_csv(file.path.path);
  const bool has_messages = std::ranges::any_of(computations.ranks, [](const auto& actions) {
    return std::ranges::any_of(actions, [](const auto& action) { return schedule::is_send(action.kind); });
  });
  ReadySchedule ready{file, schedule::with_communication(computations), {}};
  const int ranks = ready.schedule.rank_count();
  const int64_t written = ready.schedule.micro_batches;
  if ((ranks != pipeline || written != micro_batches) && schedule::verify(ready.schedule).ok()) {
    throw ConfigError(
        str_format("parallel.schedule: {} is for {}, but a pipeline of this job has {}; set "
                   "parallel.pipeline: {}, and micro_batch or global_batch such that a replica has {} a step",
                   file.path.path, describe_size(ranks, written), describe_size(pipeline, micro_batches),
                   ranks, written));
  }
  ready.schedule.micro_batches =
      static_cast<int>(micro_batches);  // a slip in a number looks like more of them
  ready.report =
      schedule::check(ready.schedule, {.may_split = {}, .written_without_communication = !has_messages});
  return ready;
}

}  // namespace

ReadySchedule make_ready_schedule(const ScheduleSettings& settings, int pipeline, int64_t micro_batches) {
  if (const auto* file = std::get_if<ScheduleFile>(&settings))
    return read_schedule(*file, pipeline, micro_batches);
  ReadySchedule ready{pipeline == 1 ? OneForwardOneBackward{} : settings, {}, {}};
  ready.schedule = schedule::with_communication(schedule::make_schedule(
      schedule_name(ready.settings), pipeline, static_cast<int>(micro_batches), chunks_of(ready.settings)));
  ready.report = schedule::check(ready.schedule);
  return ready;
}

int stages_a_rank(const ScheduleSettings& settings) {
  return schedule::chunks_of(schedule_name(settings), chunks_of(settings));
}

}  // namespace echelon::parallel
