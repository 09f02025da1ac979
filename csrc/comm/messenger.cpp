#include "comm/messenger.h"

#include <algorithm>
#include <exception>

#include "comm/node/futex.h"
#include "common/clock.h"
#include "common/error.h"

namespace echelon {

bool Transfer::must_follow(const Transfer& earlier) const {
  const LedgerEntry& a = earlier.entry_;
  return a.operation == entry_.operation && a.peer == entry_.peer &&
         (lane_ == Lane::kPeer || a.tag == entry_.tag);
}

struct Messenger::Entry {
  explicit Entry(std::unique_ptr<Transfer> moving) : transfer(std::move(moving)) {}
  std::unique_ptr<Transfer> transfer;
  Stopwatch since_progress;
  std::exception_ptr error;
  bool done = false;
};

struct Messenger::State {
  State(NodeGroup& group, Watch& watch) : group(group), watch(watch) {}

  /// Steps every transfer that is first in its lane. True when something moved. With `mutex` held.
  bool step_all() {
    bool moved = false;
    for (auto it = entries.begin(); it != entries.end();) {
      Entry& entry = **it;
      const bool first = std::none_of(entries.begin(), it, [&](const auto& earlier) {
        return entry.transfer->must_follow(*earlier->transfer);
      });
      if (first && step(entry)) moved = true;
      it = entry.done ? entries.erase(it) : std::next(it);
    }
    if (moved) changed.notify_all();
    return moved;
  }

  bool step(Entry& entry) {
    try {
      group.throw_if_failed();
      if (destroyed)
        throw CommError(to_string(entry.transfer->entry()) + " was given up: its communicator was destroyed");
      if (entry.transfer->step())
        entry.since_progress.restart();
      else if (!entry.transfer->complete())
        return check_deadline(entry);
      if (!entry.transfer->complete()) return true;
      entry.transfer->on_complete();
    } catch (const std::exception& error) {
      entry.error = std::current_exception();
      if (!destroyed) watch.fail(error.what());
    }
    entry.done = true;
    return true;
  }

  bool check_deadline(Entry& entry) {
    if (entry.since_progress.seconds() < group.timeout()) return false;
    const std::vector<RankStatus> ranks = watch.collect(kAnswerSeconds);
    watch.fail(describe_message_lateness(ranks, entry.transfer->entry(), group.timeout()));
    group.throw_if_failed();
    return false;
  }

  /// Moves what can be moved; when that is nothing, sleeps until a bell rings.
  template <class Stop>
  void move_or_sleep(std::unique_lock<std::mutex>& lock, const Stop& stop) {
    Slot& slot = group.own_slot();
    slot.sleepers.fetch_add(1);  // before looking, so that what comes afterwards rings
    const uint32_t seen = slot.bell.load();
    if (!step_all() && !stop()) {
      const bool polling = std::any_of(entries.begin(), entries.end(),
                                       [](const auto& entry) { return entry->transfer->needs_polling(); });
      lock.unlock();
      group.poll();
      futex_wait(slot.bell, seen, polling ? kPollSeconds : std::min(kSleepSeconds, group.timeout()));
      lock.lock();
    }
    slot.sleepers.fetch_sub(1);
  }

  static constexpr double kAnswerSeconds = 5, kPollSeconds = 100e-6, kSleepSeconds = 0.1;

  NodeGroup& group;
  Watch& watch;
  std::mutex mutex;
  std::condition_variable changed;
  std::list<std::shared_ptr<Entry>> entries;
  bool destroyed = false;
};

class Messenger::MessageWork final : public WorkState {
 public:
  MessageWork(std::shared_ptr<State> state, std::shared_ptr<Entry> entry)
      : state_(std::move(state)), entry_(std::move(entry)) {}

  bool done() override {
    const std::lock_guard lock(state_->mutex);
    if (!entry_->done) state_->step_all();  // the messenger's thread may have no core to run on
    return entry_->done;
  }

  void wait() override {
    std::unique_lock lock(state_->mutex);
    while (!entry_->done) state_->move_or_sleep(lock, [&] { return entry_->done; });
    if (entry_->error) std::rethrow_exception(entry_->error);
  }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Entry> entry_;
};

Messenger::Messenger(NodeGroup& group, Watch& watch) : state_(std::make_shared<State>(group, watch)) {}

Messenger::~Messenger() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->destroyed = true;
    state_->step_all();
  }
  state_->changed.notify_all();
  state_->group.notify(state_->group.index());
  if (thread_.joinable()) thread_.join();
}

Work Messenger::post(std::unique_ptr<Transfer> transfer) {
  auto entry = std::make_shared<Entry>(std::move(transfer));
  std::unique_lock lock(state_->mutex);
  state_->entries.push_back(entry);
  state_->step_all();
  state_->changed.notify_all();
  state_->group.notify(state_->group.index());  // the thread may sleep for longer than this transfer should
  if (!entry->done && !thread_.joinable()) {
    thread_ = std::thread([state = state_] {
      std::unique_lock lock(state->mutex);
      while (!state->destroyed) {
        if (state->entries.empty())
          state->changed.wait(lock);
        else
          state->move_or_sleep(lock, [&] { return state->destroyed || state->entries.empty(); });
      }
    });
  }
  return std::make_shared<MessageWork>(state_, entry);
}

bool Messenger::idle() {
  const std::lock_guard lock(state_->mutex);
  return state_->entries.empty();
}

}  // namespace echelon
