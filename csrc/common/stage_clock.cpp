#include "common/stage_clock.h"

namespace echelon {
namespace {

/// For a counter that one thread writes: cheaper than adding atomically.
void add(std::atomic<int64_t>& counter, int64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

std::string_view stage_name(LoadStage stage) {
  constexpr std::array<std::string_view, kLoadStages> kNames{
      "index", "tokenise", "pack", "read", "decode", "transform", "fields", "convert", "assemble",
      "mix",   "copy",     "idle", "plan", "wait",   "use",       "model",  "write"};
  return kNames[static_cast<size_t>(stage)];
}

StageTotals StageTotals::operator-(const StageTotals& earlier) const {
  StageTotals difference{.bytes = bytes - earlier.bytes, .samples = samples - earlier.samples};
  for (size_t i = 0; i < kLoadStages; ++i) difference.seconds[i] = seconds[i] - earlier.seconds[i];
  return difference;
}

StageClock::Thread*& StageClock::current() {
  thread_local constinit Thread* thread = nullptr;
  return thread;
}

LoadStage StageClock::Thread::enter(LoadStage next) {
  const Time now = std::chrono::steady_clock::now();
  add(nanoseconds[static_cast<size_t>(stage)],
      std::chrono::duration_cast<std::chrono::nanoseconds>(now - since).count());
  since = now;
  const LoadStage before = stage;
  stage = next;
  return before;
}

void StageClock::add_thread(const Thread& thread, StageTotals& sum) {
  constexpr double kNanosecond = 1e-9;
  for (size_t i = 0; i < kLoadStages; ++i)
    sum.seconds[i] +=
        kNanosecond * static_cast<double>(thread.nanoseconds[i].load(std::memory_order_relaxed));
  sum.bytes += thread.bytes.load(std::memory_order_relaxed);
  sum.samples += thread.samples.load(std::memory_order_relaxed);
}

StageTotals StageClock::totals() const {
  if (Thread* own = current(); own != nullptr && own->clock == this) own->enter(own->stage);
  const std::lock_guard lock(mutex_);
  StageTotals sum = ended_;
  for (const Thread& thread : threads_) add_thread(thread, sum);
  return sum;
}

CountedThread::CountedThread(StageClock* clock, LoadStage stage) {
  if (StageClock::current() != nullptr) scope_.emplace(stage);
  if (clock == nullptr || scope_) return;
  clock_ = clock;
  const std::lock_guard lock(clock->mutex_);
  thread_ = clock->threads_.emplace(clock->threads_.end(), stage);
  thread_->clock = clock;
  StageClock::current() = &*thread_;
}

CountedThread::~CountedThread() {
  if (clock_ == nullptr) return;
  thread_->enter(thread_->stage);
  StageClock::current() = nullptr;
  const std::lock_guard lock(clock_->mutex_);
  StageClock::add_thread(*thread_, clock_->ended_);
  clock_->threads_.erase(thread_);
}

StageScope::StageScope(LoadStage stage) : thread_(StageClock::current()) {
  if (thread_ != nullptr) before_ = thread_->enter(stage);
}

StageScope::~StageScope() {
  if (thread_ != nullptr) thread_->enter(before_);
}

void count_bytes_read(int64_t bytes) {
  if (StageClock::Thread* thread = StageClock::current()) add(thread->bytes, bytes);
}

void count_samples_loaded(int64_t samples) {
  if (StageClock::Thread* thread = StageClock::current()) add(thread->samples, samples);
}

}  // namespace echelon
