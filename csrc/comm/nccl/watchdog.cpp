#include "comm/nccl/watchdog.h"

#include <algorithm>
#include <chrono>

#include "common/format.h"

namespace echelon {
namespace {

bool is_message(const LedgerEntry& entry) {
  return entry.operation == Operation::kSend || entry.operation == Operation::kReceive;
}

}  // namespace

NcclWatchdog::NcclWatchdog(WatchedCommunicator& watched, std::shared_ptr<NcclFailure> failure, Hooks hooks)
    : NcclWatchdog(watched, std::move(failure), std::move(hooks), Patience()) {}

NcclWatchdog::NcclWatchdog(WatchedCommunicator& watched, std::shared_ptr<NcclFailure> failure, Hooks hooks,
                           Patience patience)
    : watched_(watched),
      watch_(watched.watch()),
      failure_(std::move(failure)),
      hooks_(std::move(hooks)),
      patience_(patience),
      thread_([this] { run(); }) {}

NcclWatchdog::~NcclWatchdog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void NcclWatchdog::enter(std::shared_ptr<NcclOperation> operation, int lane) {
  const std::lock_guard lock(mutex_);
  if (!is_message(operation->entry())) {
    if (!stuck_) watch_.enter(operation->entry());
    in_collective_ = true;
  }
  operations_.push_back({std::move(operation), lane, Stopwatch()});
}

void NcclWatchdog::fail(const std::string& reason) {
  watch_.fail(reason);
  const std::string first = watch_.failure();
  failure_->raise(first.empty() ? reason : first);
  hooks_.abort();
}

void NcclWatchdog::fail_by_error(const std::string& error) {
  const Stopwatch waited;
  while (watch_.failure().empty() && !failure_->raised() && waited.seconds() < patience_.echo) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (watch_.failure().empty()) watched_.abort(error);  // which names this rank
  fail(error);
}

void NcclWatchdog::run() {
  hooks_.start_thread();
  const std::chrono::duration<double> interval(patience_.interval);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, interval, [this] { return stop_; }) && !failure_->raised()) {
    lock.unlock();
    try {
      check();
    } catch (const std::exception& error) {
      fail_by_error(error.what());
    }
    lock.lock();
  }
}

void NcclWatchdog::check() {
  if (const std::string reason = watch_.failure(); !reason.empty()) return fail(reason);
  if (const std::string error = hooks_.find_error(); !error.empty()) return fail_by_error(error);
  drop_finished();
  if (const auto late = find_late()) return fail(describe_late(*late));
  if (const auto stuck = find_stuck()) {
    if (const auto mismatch = describe_mismatch(collect(patience_.probe_answer), stuck->sequence))
      fail(*mismatch);
  }
}

bool NcclWatchdog::is_collective(const Watched& watched) {
  return !is_message(watched.operation->entry());
}

void NcclWatchdog::drop_finished() {
  const std::lock_guard lock(mutex_);
  std::vector<int> moved_lanes;
  std::erase_if(operations_, [&](const Watched& watched) {
    if (!watched.operation->finished()) return false;
    moved_lanes.push_back(watched.lane);
    return true;
  });
  for (Watched& watched : operations_) {
    const bool moved = std::count(moved_lanes.begin(), moved_lanes.end(), watched.lane) > 0;
    if (moved || !watched.operation->inputs_ready()) watched.waiting.restart();
  }
  show_progress();
}

void NcclWatchdog::show_progress() {
  const auto oldest = std::find_if(operations_.begin(), operations_.end(), is_collective);
  if (oldest == operations_.end()) {
    if (in_collective_) watch_.finish();
    in_collective_ = stuck_ = false;
  } else if (stuck_ && oldest->waiting.seconds() < patience_.stuck_after) {
    stuck_ = false;
    watch_.enter(std::find_if(operations_.rbegin(), operations_.rend(), is_collective)->operation->entry());
  }
}

std::optional<LedgerEntry> NcclWatchdog::find_late() {
  const std::lock_guard lock(mutex_);
  for (const Watched& watched : operations_) {
    if (watched.waiting.seconds() >= watched_.timeout()) return watched.operation->entry();
  }
  return std::nullopt;
}

std::optional<LedgerEntry> NcclWatchdog::find_stuck() {
  const std::lock_guard lock(mutex_);
  const auto oldest = std::find_if(operations_.begin(), operations_.end(), is_collective);
  if (oldest == operations_.end() || oldest->waiting.seconds() < patience_.stuck_after) return std::nullopt;
  if (!stuck_) {
    stuck_ = true;
    next_probe_ = patience_.first_probe;
    watch_.enter(oldest->operation->entry());
  }
  if (watched_.rank() != 0 || oldest->waiting.seconds() < next_probe_) return std::nullopt;
  next_probe_ *= 2;
  return oldest->operation->entry();
}

std::vector<RankStatus> NcclWatchdog::collect(double seconds) {
  std::vector<RankStatus> ranks = watch_.collect(seconds);
  for (RankStatus& status : ranks) {
    if (status.entered.peer >= 0) status.entered.peer = ranks.at(status.entered.peer).rank;
    if (status.finished.peer >= 0) status.finished.peer = ranks.at(status.finished.peer).rank;
  }
  return ranks;
}

std::string NcclWatchdog::describe_late(const LedgerEntry& late) {
  const std::vector<RankStatus> ranks = collect(patience_.report_answer);
  LedgerEntry entry = late;
  if (entry.peer >= 0) entry.peer = ranks.at(late.peer).rank;
  if (!is_message(entry)) return describe_lateness(ranks, entry, watched_.timeout());
  const RankStatus& partner = ranks.at(late.peer);
  std::string doing = "it entered last " + to_string(partner.entered);
  if (partner.entered.sequence == 0) doing = "it has entered no collective yet";
  if (!partner.reachable) doing = "it does not answer";
  return str_format("rank {} has not met {} of rank {} within {:g} s; {}", partner.rank, to_string(entry),
                    ranks.at(watched_.rank()).rank, watched_.timeout(), doing);
}

}  // namespace echelon
