// The processor cores that this process may use.
#pragma once

#include <vector>

namespace echelon {

/// Cores of the machine that are online.
int online_cores();

/// Those that this process is allowed to run on, ascending (sched_getaffinity).
std::vector<int> allowed_cores();

/// Compute threads for one of `local_ranks` ranks on this machine: the cores that the launcher has bound it
/// to, else an equal share of all; at least 1.
int default_threads(int local_ranks);

}  // namespace echelon
