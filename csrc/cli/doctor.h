// `echelon doctor`: what this installation and this launch are made of, and what is wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "comm/world.h"
#include "common/error.h"

namespace echelon::cli {

/// What one rank knows of the place it runs in.
struct RankFacts {
  int rank = 0;
  std::string host;
  int local_rank = 0;
  int local_size = 1;
  int host_cores = 1;
  std::vector<int> cores;  ///< that it may run on
  int threads = 1;         ///< that it would compute with
  std::string gpu;         ///< "0: NVIDIA H100 80GB HBM3"; empty: none
  int gpu_index = -1;
  int64_t shared_memory_bytes = 0;  ///< free in /dev/shm
  bool sees_run_directory = true;   ///< a file that rank 0 wrote there
};

/// One line a problem, each with what to do; empty when all is well. `ranks` in rank order.
std::vector<std::string> find_problems(const std::vector<RankFacts>& ranks);

/// Prints versions, ranks and problems. kConfig when there are problems. Collective.
ExitCode doctor(const Arguments& arguments, const ProcessEnvironment& environment);

}  // namespace echelon::cli
