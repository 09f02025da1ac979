// The processor cores that this process may use.
#pragma once

#include <filesystem>
#include <vector>

namespace echelon {

/// Cores of the machine that are online.
int online_cores();

/// Those that this process is allowed to run on, ascending (sched_getaffinity).
std::vector<int> allowed_cores();

/// How many cores' time the control groups of this process allow (cpu.max; Kubernetes' `limits: {cpu: …}`);
/// infinite without a limit. `root`: of the file system, for tests.
double core_quota(const std::filesystem::path& root = "/");

/// Compute threads for one of `local_ranks` ranks on this machine, of which `core_sharers`, itself included,
/// may run on the cores that it may run on: an equal share of these cores, or of the quota where that is
/// less; at least 1.
int default_threads(int core_sharers, int local_ranks);

}  // namespace echelon
