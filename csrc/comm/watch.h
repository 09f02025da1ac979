// How the ranks of a communicator keep an eye on each other: each shows what it is doing, and any may declare
// failure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "comm/ledger.h"

namespace echelon {

/// Thread-safe. No function but collect() waits for other ranks.
class Watch {
 public:
  virtual ~Watch() = default;

  /// Shows `entry` as the operation that this rank is in, until the next call.
  virtual void enter(const LedgerEntry& entry) = 0;
  /// Shows that this rank has finished the operation entered last.
  virtual void finish() = 0;

  /// Why the communicator has failed, on any rank; empty while it works.
  virtual std::string failure() = 0;
  /// Declares failure: the first reason wins, reaches every rank, and wakes whoever waits.
  virtual void fail(const std::string& reason) = 0;

  /// The state of every rank, in rank order. Ranks that do not answer within `seconds` come back as not
  /// reachable.
  virtual std::vector<RankStatus> collect(double seconds) = 0;
};

/// A communicator with a watch. A backend that moves data by other means (NCCL) takes a split of one as its
/// own: it enters its operations there and never calls the collectives of that split.
class WatchedCommunicator : public Communicator {
 public:
  virtual Watch& watch() = 0;
  /// Seconds that a rank waits for others.
  virtual double timeout() const = 0;
  std::unique_ptr<Communicator> split(int color, int key) final { return split_watched(color, key); }
  virtual std::unique_ptr<WatchedCommunicator> split_watched(int color, int key) = 0;
};

}  // namespace echelon
