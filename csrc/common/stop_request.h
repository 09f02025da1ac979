// SIGTERM, SIGINT and SIGUSR1 ask a command to finish what it is at, to leave it fit for going on, and to end
// (Slurm's time limit, Ctrl-C). A second SIGTERM or SIGINT leaves at once, with exit code 128 + signal.
#pragma once

namespace echelon {

/// Catches the signals for as long as it lives; one at a time in a process.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// The signal that asked, or 0.
  int signal() const;
};

}  // namespace echelon
