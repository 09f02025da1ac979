// Messages between two ranks on their way: any number at once, in both directions, apart from the
// collectives.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "comm/communicator.h"
#include "comm/ledger.h"
#include "comm/node/node_group.h"

namespace echelon {

/// Which messages in the same direction between the same two ranks go one after another.
enum class Lane { kPeer, kPeerAndTag };

/// One message, sent or received. Used by one thread at a time.
class Transfer {
 public:
  Transfer(const LedgerEntry& entry, Lane lane) : entry_(entry), lane_(lane) {}
  virtual ~Transfer() = default;
  /// Goes on as far as possible without waiting. True when something moved.
  virtual bool step() = 0;
  virtual bool complete() const = 0;
  /// Whether step() must be called again soon although no bell of the node rings.
  virtual bool needs_polling() const = 0;
  /// Called once after completion, before the owner hears of it.
  virtual void on_complete() {}
  const LedgerEntry& entry() const { return entry_; }
  Lane lane() const { return lane_; }
  bool must_follow(const Transfer& earlier) const;

 private:
  LedgerEntry entry_;
  Lane lane_;
};

/// Keeps the transfers of a communicator moving, by a thread of its own (started with the first) and by those
/// who wait for one or ask whether it is done.
class Messenger {
 public:
  /// `watch` is that of the whole communicator, for messages about a rank that is late.
  Messenger(NodeGroup& group, Watch& watch);
  /// Transfers that are still on their way fail.
  ~Messenger();
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  Work post(std::unique_ptr<Transfer> transfer);
  bool idle();

 private:
  struct Entry;
  class MessageWork;
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace echelon
