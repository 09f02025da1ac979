// The ranks of one node, as threads or processes, around one region of memory: who is where, waiting, and
// failure.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/node/region.h"
#include "comm/node/slot.h"
#include "comm/watch.h"
#include "common/clock.h"

namespace echelon {

class NodeGroup final : public Watch {
 public:
  /// When the awaited is to be expected. kSoon: a rank that is at it already does a piece of work first, so
  /// that going to sleep and being woken would take longer than that.
  enum class Expected { kLater, kSoon };

  /// Bytes of the region of a group of `size` ranks.
  static size_t region_bytes(int size);

  /// `index` is this rank's place in the group; `world_ranks` are the names of its ranks in messages.
  NodeGroup(Sharing sharing, std::shared_ptr<Region> region, int index, std::vector<int> world_ranks,
            double timeout);

  Sharing sharing() const { return sharing_; }
  int index() const { return index_; }
  int size() const { return static_cast<int>(world_ranks_.size()); }
  const std::vector<int>& world_ranks() const { return world_ranks_; }
  double timeout() const { return timeout_; }

  Slot& slot(int index) const;
  Slot& own_slot() const { return slot(index_); }
  std::byte* buffer(int index, uint64_t step) const;
  Mailbox& mailbox(int source, int destination) const;

  // Watch, over the ranks of this node.
  void enter(const LedgerEntry& entry) override;
  void finish() override;
  std::string failure() override;
  void fail(const std::string& reason) override;
  std::vector<RankStatus> collect(double seconds) override;

  /// Waits until every rank has entered the operation entered last. Throws CommError where they entered
  /// another one.
  void agree();

  /// Returns once `ready()` is true; it must become so by what another rank stores before notify(), in
  /// sequentially consistent order. Throws CommError on failure, and after the timeout declares it: the
  /// message names who is late.
  template <class Ready>
  void wait_until(const Ready& ready, Expected expected = Expected::kLater) {
    if (ready()) return;
    for (Waiting waiting(*this, expected); !ready();) {
      const uint32_t seen = own_slot().bell.load();
      if (ready()) return;
      waiting.pause(seen, ready);
    }
  }
  /// Wakes the ranks that sleep in wait_until(), to look again.
  void notify();
  void notify(int index);

  void throw_if_failed();
  /// For whoever waits by other means, for `waited` seconds so far: throws on failure, polls, and after the
  /// timeout declares the current operation late.
  void check(double waited);
  /// Declares that operation `entry` was not completed in time, and throws.
  [[noreturn]] void throw_late(const LedgerEntry& entry);

  /// For groups that are a part of a communicator over several nodes: `watch` collects and fails for the
  /// whole, and `poll` is called now and then by whoever waits.
  void become_part_of(Watch* watch, std::function<void()> poll);
  void poll() const;

  /// Tells the others that this process has reported the failure, and waits until all have, or until none has
  /// done so for `seconds`. Returns the ranks that have not.
  std::vector<int> say_farewell(double seconds);

 private:
  /// One wait: spins for some microseconds, then sleeps; checks failure and the deadline.
  class Waiting {
   public:
    Waiting(NodeGroup& group, Expected expected);
    template <class Ready>
    void pause(uint32_t seen, const Ready& ready) {
      if (keep_spinning()) return;
      group_.check(stopwatch_.seconds());
      Slot& slot = group_.own_slot();
      slot.sleepers.fetch_add(1);
      if (!ready()) sleep(seen);
      slot.sleepers.fetch_sub(1);
    }

   private:
    bool keep_spinning();
    void sleep(uint32_t seen);
    NodeGroup& group_;
    double spin_seconds_;
    Stopwatch stopwatch_;
  };

  NodeHeader& header() const { return *reinterpret_cast<NodeHeader*>(region_->data()); }
  RankStatus status(int index) const;

  Sharing sharing_;
  std::shared_ptr<Region> region_;
  int index_;
  std::vector<int> world_ranks_;
  double timeout_;
  bool may_spin_;
  LedgerEntry current_;
  Watch* watch_ = this;
  std::function<void()> poll_;
};

}  // namespace echelon
