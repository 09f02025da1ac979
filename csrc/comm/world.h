// The world of a job: who launched it, which rank this process is, and the communicator of all ranks.
#pragma once

#include <memory>
#include <string>

#include "comm/settings.h"
#include "comm/watch.h"

namespace echelon {

struct Launch {
  int rank = 0;
  int world_size = 1;
  int local_rank = 0;  ///< among the ranks of this host
  int local_size = 1;
  int core_sharers = 1;  ///< ranks of this host that may run on the same cores, this one included
  std::string host;
  std::string launched_by;  ///< "Open MPI", "Slurm", "PMI"; empty: started by hand, a world of one
  std::string library;      ///< version of the MPI library; empty where MPI was not started
};

/// Starts MPI where the process was started by a launcher, else nothing. One a process, made by `main` before
/// other threads and outliving every communicator and the report of any error. Throws CommError where the
/// launcher's MPI and ours do not fit together.
class ProcessEnvironment {
 public:
  ProcessEnvironment();
  /// Without finalize(), after an error that is: the other ranks of this node fail with "rank n ended before
  /// the others" if they have no better reason, and get two seconds to report it. MPI stays open, so that the
  /// launcher ends the job.
  ~ProcessEnvironment();
  ProcessEnvironment(const ProcessEnvironment&) = delete;
  ProcessEnvironment& operator=(const ProcessEnvironment&) = delete;

  const Launch& launch() const { return launch_; }
  /// Ends MPI. Collective, after Communicator::finalize(); every communicator is gone.
  void finalize();

 private:
  Launch launch_;
  bool mpi_running_ = false;
};

/// The communicator of all ranks by `settings.backend` mpi, local or auto. Collective. `nccl` is built by the
/// CUDA module on top of this one (backend mpi). Throws ConfigError for `local` in a world of several
/// processes.
std::unique_ptr<WatchedCommunicator> make_world(const ProcessEnvironment& environment,
                                                const CommSettings& settings);

}  // namespace echelon
