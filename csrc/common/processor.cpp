#include "common/processor.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace echelon {

int online_cores() {
  return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) {  // more cores than a cpu_set_t counts
    for (int core = 0; core < online_cores(); ++core) cores.push_back(core);
    return cores;
  }
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

int default_threads(int local_ranks) {
  const int usable = static_cast<int>(allowed_cores().size());
  const bool bound = usable < online_cores();
  return std::max(1, bound ? usable : usable / local_ranks);
}

}  // namespace echelon
