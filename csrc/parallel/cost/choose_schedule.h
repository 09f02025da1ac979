// The schedule that takes the least time for a model on given hardware, found by simulating them all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/error.h"
#include "parallel/cost/stage_costs.h"
#include "parallel/pipeline/ready_schedule.h"
#include "parallel/settings.h"
#include "schedule/simulate.h"

namespace echelon::parallel {

/// The job needs more memory than its ranks have.
struct TooFullError : ConfigError {
  using ConfigError::ConfigError;
};

/// A schedule with its stages, and what is predicted of one step.
struct PlannedSchedule {
  ScheduleSettings settings;
  schedule::Schedule schedule;  ///< verified, with communication
  StagePlan stages;
  schedule::Costs costs;
  schedule::Timeline timeline;
  std::vector<StageMemory> memory;  ///< by place in the pipeline

  /// Of the place that needs most.
  const StageMemory& fullest() const;
};

/// "interleaved", or with a number of chunks other than the default "{interleaved: 4}".
std::string schedule_text(const ScheduleSettings& settings);

/// Those among which choose_schedule() chooses: gpipe, 1f1b, interleaved with 2 and with 4 chunks, zb_h1,
/// zb_v; for a pipeline of one rank 1f1b alone. Without those that have more stages than there are layers.
std::vector<ScheduleSettings> schedules_to_try(int pipeline, size_t layers);

/// The user's split: the first layer of each stage; empty: the split is to be found.
using GivenSplit = std::vector<size_t>;

/// The schedule with the given split, or the one that partition() finds. Nothing when it, or no split, fits
/// into the memory of the job's hardware.
std::optional<PlannedSchedule> plan_within_memory(const ReadySchedule& ready, const ModelCosts& costs,
                                                  const JobShape& job, const GivenSplit& given = {});

/// The same, but throws TooFullError that says what the fullest rank needs, by kind; or ConfigError where
/// there are more stages than layers.
PlannedSchedule plan_that_fits(const ReadySchedule& ready, const ModelCosts& costs, const JobShape& job,
                               const GivenSplit& given = {});

/// The fastest that fits, of those with as many stages as `given` has; of equally fast ones, to a thousandth,
/// the one that needs the least memory. Throws as plan_that_fits() where none fits, and ConfigError when no
/// schedule has so many stages.
PlannedSchedule choose_schedule(int64_t micro_batches, const ModelCosts& costs, const JobShape& job,
                                const GivenSplit& given = {});

}  // namespace echelon::parallel
