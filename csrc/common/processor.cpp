#include "common/processor.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string>

namespace echelon {

int online_processors() {
  return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

std::vector<int> allowed_processors() {
  std::vector<int> processors;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {  // more than a cpu_set_t counts
    for (int number = 0; number < online_processors(); ++number) processors.push_back(number);
    return processors;
  }
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &allowed)) processors.push_back(number);
  }
  return processors;
}

namespace {

namespace fs = std::filesystem;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// "200000 100000" or "max 100000" of version 2.
double quota_of_v2(const fs::path& group) {
  std::istringstream line(first_line(group / "cpu.max"));
  double quota = 0, period = 0;
  return line >> quota >> period && period > 0 ? quota / period : kUnlimited;
}

double quota_of_v1(const fs::path& group) {
  const double quota = std::atof(first_line(group / "cpu.cfs_quota_us").c_str());  // -1: none
  const double period = std::atof(first_line(group / "cpu.cfs_period_us").c_str());
  return quota > 0 && period > 0 ? quota / period : kUnlimited;
}

/// The least quota of a group and those around it. In a container the mount may begin at the group itself.
template <class F>
double least_quota(const fs::path& mount, const fs::path& group, const F& quota_of) {
  double least = quota_of(mount);
  for (fs::path path = group.relative_path(); !path.empty(); path = path.parent_path()) {
    least = std::min(least, quota_of(mount / path));
  }
  return least;
}

}  // namespace

int count_cores(const std::vector<int>& processors, const fs::path& root) {
  std::set<std::string> cores;
  for (const int processor : processors) {
    const std::string name = "cpu" + std::to_string(processor);
    const std::string siblings =
        first_line(root / "sys/devices/system/cpu" / name / "topology/thread_siblings_list");
    cores.insert(siblings.empty() ? name : siblings);
  }
  return static_cast<int>(cores.size());
}

double core_quota(const fs::path& root) {
  double quota = kUnlimited;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path" (version 2), "4:cpu,cpuacct:/path" (1)
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      path = line.substr(second + 1);
    const fs::path mounts = root / "sys/fs/cgroup";
    if (controllers.empty()) {
      quota = std::min(quota, least_quota(mounts, path, quota_of_v2));
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      quota = std::min(quota, least_quota(mounts / "cpu", path, quota_of_v1));
    }
  }
  return quota;
}

int default_threads(int core_sharers, int local_ranks) {
  const double cores = static_cast<double>(count_cores(allowed_processors())) / core_sharers;
  return std::max(1, static_cast<int>(std::min(cores, core_quota() / local_ranks)));
}

}  // namespace echelon
