// What a step's time goes into.
#pragma once

#include <string>

#include "parallel/cost/choose_schedule.h"

namespace echelon::plan {

/// Of the rank that computes longest; shares of the step, which add up to 1.
struct TimeShares {
  double compute = 0;
  double idle = 0;       ///< the schedule's bubble
  double messages = 0;   ///< by how much messages between stages lengthen the step
  double reduction = 0;  ///< of gradients, after the last backward
  double optimizer = 0;
};

TimeShares time_shares(const parallel::PlannedSchedule& plan, const parallel::JobShape& job);

/// What limits the step, and what would make it faster. `arithmetic_bound`: computation waits for arithmetic
/// rather than memory.
std::string describe_limit(const TimeShares& shares, bool arithmetic_bound);

/// Whether the layers would take longer for their arithmetic alone than for their memory traffic alone.
bool is_arithmetic_bound(const parallel::ModelCosts& costs, const parallel::Hardware& hardware);

}  // namespace echelon::plan
