// The schedule that a configuration asks for, before anything is known of the model.
#pragma once

#include <cstdint>

#include "parallel/settings.h"
#include "schedule/action.h"
#include "schedule/verify.h"

namespace echelon::parallel {

struct ReadySchedule {
  ScheduleSettings settings;
  schedule::Schedule schedule;  ///< with communication
  schedule::Report report;      ///< without problems
};

/// Makes the schedule or reads its file. A pipeline of one rank needs none but 1f1b, and takes that unless a
/// file is given; of others `settings` are not auto. The same on every rank. Throws ConfigError: too few
/// micro-batches, a file that is not a schedule, or one for another pipeline.
ReadySchedule make_ready_schedule(const ScheduleSettings& settings, int pipeline, int64_t micro_batches);

/// Stages that such a schedule has on a rank. `settings` are neither auto nor a file.
int stages_a_rank(const ScheduleSettings& settings);

}  // namespace echelon::parallel
