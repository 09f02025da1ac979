// The abstract machine of verify.h.
#pragma once

#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

/// A rank that never gets on.
struct Blocked {
  int rank = 0;
  int index = 0;     ///< of the action where it stands
  Action waits_for;  ///< what another rank never comes to
  int other_rank = 0;
};

/// Runs the schedule; empty when every rank comes to its end. The schedule's messages must be sound: each is
/// sent and received once, in the same order, the receive before it is consumed.
std::vector<Blocked> find_deadlock(const Schedule& schedule, int send_buffers);

/// "rank 0 waits for rank 1, which waits for rank 0": the cycle that the first of the blocked ranks leads to.
std::string describe_cycle(const std::vector<Blocked>& blocked);

}  // namespace echelon::schedule
