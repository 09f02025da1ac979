// Watches the operations of a NCCL communicator from a thread of its own, because NCCL itself waits for ever.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/nccl/operation.h"
#include "comm/watch.h"
#include "common/clock.h"

namespace echelon {

/// Raises the failure, tells the other ranks through the watch of `watched`, and calls `abort`, when
/// - another rank has declared failure,
/// - NCCL reports an asynchronous error, or the device fails, or
/// - an operation whose inputs are ready makes no progress for its timeout: the ledgers of all ranks
/// then say who
///   has not entered it. Ledgers that disagree are noticed after a few seconds already.
/// The time that this rank's own kernels take before an operation does not count.
class NcclWatchdog {
 public:
  struct Hooks {
    std::function<void()> start_thread;       ///< called first in the watchdog's thread
    std::function<std::string()> find_error;  ///< NCCL's asynchronous error, or empty
    std::function<void()> abort;              ///< ends every NCCL call, on host and device
  };
  /// All in seconds.
  struct Patience {
    double interval = 0.05;    ///< between two looks
    double echo = 1;           ///< for another rank's reason, when NCCL reports an error here
    double stuck_after = 3;    ///< until the ledger shows the operation that this rank is stuck in
    double first_probe = 5;    ///< until rank 0 compares the ledgers; each next time after twice the time
    double probe_answer = 1;   ///< for the other ranks' ledgers
    double report_answer = 5;  ///< for them when the timeout has passed
  };

  NcclWatchdog(WatchedCommunicator& watched, std::shared_ptr<NcclFailure> failure, Hooks hooks);
  NcclWatchdog(WatchedCommunicator& watched, std::shared_ptr<NcclFailure> failure, Hooks hooks,
               Patience patience);
  ~NcclWatchdog();  ///< stops the thread; raises nothing
  NcclWatchdog(const NcclWatchdog&) = delete;
  NcclWatchdog& operator=(const NcclWatchdog&) = delete;

  /// Enters the operation in the ledger (messages are only watched) and watches it until it has finished.
  /// Operations of one lane run one after the other.
  void enter(std::shared_ptr<NcclOperation> operation, int lane);
  /// Declares failure on every rank and aborts here. The reason that was declared first is the
  /// one that holds.
  void fail(const std::string& reason);
  /// fail() with what NCCL or the device said here. Often that is the echo of another rank's failure: when
  /// that rank's reason arrives within a second, it goes first.
  void fail_by_error(const std::string& error);

 private:
  struct Watched {
    std::shared_ptr<NcclOperation> operation;
    int lane;
    Stopwatch waiting;  ///< since it waits for nothing but other ranks
  };

  static bool is_collective(const Watched& operation);
  void run();
  void check();
  void drop_finished();
  void show_progress();
  std::optional<LedgerEntry> find_late();
  /// Shows the collective that this rank is stuck in, in place of the last that the host has called, so that
  /// the ledgers of ranks that disagree about it can be compared. On rank 0, from time to time: the
  /// collective to compare.
  std::optional<LedgerEntry> find_stuck();
  /// The ledgers of all ranks, with the peers in them as ranks in the world.
  std::vector<RankStatus> collect(double seconds);
  std::string describe_late(const LedgerEntry& entry);

  WatchedCommunicator& watched_;
  Watch& watch_;
  std::shared_ptr<NcclFailure> failure_;
  Hooks hooks_;
  Patience patience_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Watched> operations_;
  bool in_collective_ = false;  ///< the ledger shows a collective that has not finished
  bool stuck_ = false;          ///< the one it shows is the oldest, not the newest
  double next_probe_ = 0;       ///< seconds into being stuck
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace echelon
