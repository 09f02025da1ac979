// The processors that this process may use. A core with hyper-threads is several processors.
#pragma once

#include <filesystem>
#include <vector>

namespace echelon {

/// Of the machine, online.
int online_processors();

/// Those that this process is allowed to run on, ascending (sched_getaffinity).
std::vector<int> allowed_processors();

/// How many cores `processors` belong to. `root`: of the file system, for tests.
int count_cores(const std::vector<int>& processors, const std::filesystem::path& root = "/");

/// How many cores' time the control groups of this process allow (cpu.max; Kubernetes' `limits: {cpu: …}`);
/// infinite without a limit. `root` as above.
double core_quota(const std::filesystem::path& root = "/");

/// Compute threads for one of `local_ranks` ranks on this machine, of which `core_sharers`, itself included,
/// may run on the cores that it may run on: an equal share of these cores, or of the quota where that is
/// less; at least 1.
int default_threads(int core_sharers, int local_ranks);

}  // namespace echelon
