#include "comm/node/node_group.h"

#include <algorithm>
#include <cstring>

#include "comm/node/futex.h"
#include "common/error.h"
#include "common/processor.h"

namespace echelon {
namespace {

size_t slots_offset() {
  return sizeof(NodeHeader);
}
size_t buffers_offset(int size) {
  return slots_offset() + sizeof(Slot) * size;
}
size_t mailboxes_offset(int size) {
  return buffers_offset(size) + kBufferBytes * kBuffers * size;
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

size_t NodeGroup::region_bytes(int size) {
  return mailboxes_offset(size) + sizeof(Mailbox) * size * size;
}

NodeGroup::NodeGroup(Sharing sharing, std::shared_ptr<Region> region, int index, std::vector<int> world_ranks,
                     double timeout)
    : sharing_(sharing),
      region_(std::move(region)),
      index_(index),
      world_ranks_(std::move(world_ranks)),
      timeout_(timeout) {
  // Else it would keep the rank it waits for from its core.
  may_spin_ = size() <= static_cast<int>(allowed_processors().size());
}

Slot& NodeGroup::slot(int index) const {
  return reinterpret_cast<Slot*>(region_->data() + slots_offset())[index];
}

std::byte* NodeGroup::buffer(int index, uint64_t step) const {
  return region_->data() + buffers_offset(size()) + kBufferBytes * (kBuffers * index + step % kBuffers);
}

Mailbox& NodeGroup::mailbox(int source, int destination) const {
  return reinterpret_cast<Mailbox*>(region_->data() +
                                    mailboxes_offset(size()))[source * size() + destination];
}

void NodeGroup::enter(const LedgerEntry& entry) {
  current_ = entry;
  Slot& slot = own_slot();
  slot.entries[entry.sequence % 2].store(entry);
  slot.fingerprint[entry.sequence % 2].store(fingerprint(entry));
  slot.entered.store(entry.sequence);
  notify();
}

void NodeGroup::finish() {
  own_slot().finished.store(current_);
}

std::string NodeGroup::failure() {
  return header().failure_state.load() == 2 ? header().failure : "";
}

void NodeGroup::fail(const std::string& reason) {
  uint32_t none = 0;
  if (!header().failure_state.compare_exchange_strong(none, 1)) {
    const Stopwatch stopwatch;  // another rank is writing its reason, unless it was killed meanwhile
    while (header().failure_state.load() != 2 && stopwatch.seconds() < 1) relax();
    return;
  }
  const size_t length = std::min(reason.size(), sizeof header().failure - 1);
  std::memcpy(header().failure, reason.data(), length);
  header().failure[length] = '\0';
  header().failure_state.store(2);
  for (int i = 0; i < size(); ++i) {
    slot(i).bell.fetch_add(1);
    futex_wake_all(slot(i).bell);
  }
}

RankStatus NodeGroup::status(int index) const {
  const Slot& slot = this->slot(index);
  RankStatus status;
  status.rank = world_ranks_[index];
  status.progress = slot.published.load() + slot.reduced.load() + slot.consumed.load();
  constexpr int kAttempts = 100;  // an entry that is just being replaced is read again
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const uint64_t sequence = slot.entered.load();
    status.entered = slot.entries[sequence % 2].load();
    status.finished = slot.finished.load();
    const bool steady = fingerprint(status.finished) == fingerprint(slot.finished.load());
    if (steady && status.entered.sequence == sequence && slot.entered.load() == sequence) break;
  }
  return status;
}

std::vector<RankStatus> NodeGroup::collect(double) {
  std::vector<RankStatus> ranks;
  for (int i = 0; i < size(); ++i) ranks.push_back(status(i));
  return ranks;
}

void NodeGroup::agree() {
  const uint64_t sequence = current_.sequence;
  const uint64_t own = own_slot().fingerprint[sequence % 2].load();
  for (int i = 0; i < size(); ++i) {
    wait_until([&] { return slot(i).entered.load() >= sequence; });
    if (slot(i).fingerprint[sequence % 2].load() == own) continue;
    // The others are named too once they have entered; one that never does is a message of its own.
    for (int j = 0; j < size(); ++j) wait_until([&] { return slot(j).entered.load() >= sequence; });
    watch_->fail(
        describe_mismatch(collect(0), sequence).value_or("ranks disagree at " + to_string(current_)));
    throw_if_failed();
  }
}

void NodeGroup::notify() {
  for (int i = 0; i < size(); ++i) notify(i);
}

void NodeGroup::notify(int index) {
  if (slot(index).sleepers.load() == 0) return;
  slot(index).bell.fetch_add(1);
  futex_wake_all(slot(index).bell);
}

void NodeGroup::throw_if_failed() {
  if (header().failure_state.load() == 2) throw CommError(header().failure);
}

void NodeGroup::check(double waited) {
  throw_if_failed();
  poll();
  if (waited >= timeout_) throw_late(current_);
}

void NodeGroup::throw_late(const LedgerEntry& entry) {
  constexpr double kAnswerSeconds = 5;
  watch_->fail(describe_lateness(watch_->collect(kAnswerSeconds), entry, timeout_));
  throw_if_failed();
  throw CommError(str_format("{} did not finish, and a rank died while it said why", to_string(entry)));
}

void NodeGroup::become_part_of(Watch* watch, std::function<void()> poll) {
  watch_ = watch;
  poll_ = std::move(poll);
}

void NodeGroup::poll() const {
  if (poll_) poll_();
}

std::vector<int> NodeGroup::say_farewell(double seconds) {
  own_slot().farewell = 1;
  const auto missing = [&] {
    std::vector<int> ranks;
    for (int i = 0; i < size(); ++i) {
      if (slot(i).farewell.load() == 0) ranks.push_back(world_ranks_[i]);
    }
    return ranks;
  };
  std::vector<int> silent = missing();
  Stopwatch since_the_last;
  while (!silent.empty() && since_the_last.seconds() < seconds) {
    futex_wait(own_slot().farewell, 1, 0.01);
    const std::vector<int> still_silent = missing();
    if (still_silent.size() < silent.size()) since_the_last = Stopwatch();
    silent = still_silent;
  }
  return silent;
}

NodeGroup::Waiting::Waiting(NodeGroup& group, Expected expected) : group_(group) {
  constexpr double kSoonSeconds = 150e-6, kLaterSeconds = 20e-6;
  spin_seconds_ = !group.may_spin_ ? 0 : expected == Expected::kSoon ? kSoonSeconds : kLaterSeconds;
}

bool NodeGroup::Waiting::keep_spinning() {
  if (stopwatch_.seconds() >= spin_seconds_) return false;
  for (int i = 0; i < 32; ++i) relax();
  return true;
}

void NodeGroup::Waiting::sleep(uint32_t seen) {
  const double most = group_.poll_ ? 0.05 : 1.0;
  futex_wait(group_.own_slot().bell, seen, std::clamp(group_.timeout_ - stopwatch_.seconds(), 1e-3, most));
}

}  // namespace echelon
