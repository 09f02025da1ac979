#include <algorithm>
#include <map>
#include <set>

#include "cli/doctor.h"
#include "common/format.h"

namespace echelon::cli {
namespace {

using ByHost = std::map<std::string, std::vector<const RankFacts*>>;
using Problems = std::vector<std::string>;

void find_shared_gpus(const std::string& host, const std::vector<const RankFacts*>& ranks,
                      Problems& problems) {
  std::map<int, std::vector<int>> by_gpu;
  for (const RankFacts* rank : ranks) {
    if (rank->gpu_index >= 0) by_gpu[rank->gpu_index].push_back(rank->rank);
  }
  for (const auto& [gpu, sharing] : by_gpu) {
    if (sharing.size() < 2) continue;
    problems.push_back(
        str_format("{}: ranks {} share GPU {}, which NCCL refuses; start at most one rank a GPU", host,
                   join(sharing), gpu));
  }
}

void find_crowded_cores(const std::string& host, const std::vector<const RankFacts*>& ranks,
                        Problems& problems) {
  int threads = 0;
  std::set<int> cores;
  size_t bound_cores = 0;
  bool bound = true;
  for (const RankFacts* rank : ranks) {
    threads += rank->threads;
    cores.insert(rank->cores.begin(), rank->cores.end());
    bound_cores += rank->cores.size();
    bound = bound && static_cast<int>(rank->cores.size()) < rank->host_cores;
  }
  if (threads > static_cast<int>(cores.size())) {
    problems.push_back(
        str_format("{}: {} ranks with {} compute threads on {} cores; start fewer ranks or set threads", host,
                   ranks.size(), threads, cores.size()));
  }
  if (bound && bound_cores > cores.size()) {
    problems.push_back(
        str_format("{}: several ranks are bound to the same cores; look at the launcher's binding options "
                   "(mpirun --map-by slot:PE=N --bind-to core)",
                   host));
  }
  if (bound && ranks.front()->host_cores >= 2 * static_cast<int>(cores.size())) {
    problems.push_back(
        str_format("{}: the launcher has bound the ranks to {} of {} cores; mpirun --bind-to none, or "
                   "--map-by slot:PE=N for N cores a rank, frees the others",
                   host, cores.size(), ranks.front()->host_cores));
  }
}

void find_small_shared_memory(const std::string& host, const std::vector<const RankFacts*>& ranks,
                              Problems& problems) {
  constexpr int64_t kEnough = 64 << 20;  // Open MPI takes 4 MiB a rank, NCCL about 10
  const int64_t bytes = ranks.front()->shared_memory_bytes;
  if (ranks.size() > 1 && bytes < kEnough) {
    problems.push_back(str_format(
        "{}: only {} are free in /dev/shm, where Open MPI and NCCL keep the buffers of the ranks of a node; "
        "give the container more (docker --shm-size, in Kubernetes an emptyDir with medium: Memory)",
        host, human_bytes(static_cast<double>(bytes))));
  }
}

}  // namespace

std::vector<std::string> find_problems(const std::vector<RankFacts>& ranks) {
  ByHost hosts;
  for (const RankFacts& rank : ranks) hosts[rank.host].push_back(&rank);
  Problems problems;
  for (const auto& [host, local] : hosts) {
    find_shared_gpus(host, local, problems);
    find_crowded_cores(host, local, problems);
    find_small_shared_memory(host, local, problems);
    if (!std::ranges::all_of(local, &RankFacts::sees_run_directory)) {
      problems.push_back(str_format(
          "{}: does not see the run folder of rank 0; set `output` to a folder on a file system that "
          "all nodes share",
          host));
    }
  }
  return problems;
}

}  // namespace echelon::cli
