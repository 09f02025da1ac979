// Where the time of the threads that load data goes.
//
// Code that reads, decodes or converts says so where it begins (StageScope); whoever wants to know gives his
// threads a clock (CountedThread). A thread is in one stage at any time, so the times of nested stages do not
// overlap, and those of a thread sum to the time that has passed. A change of stage costs one look at the
// clock, about 25 ns, on a counted thread, and next to nothing on others.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>

namespace echelon {

enum class LoadStage : uint8_t {
  kIndex,      ///< opening: what is in the files, unless it is one of the next
  kTokenise,   ///< opening: text to tokens
  kPack,       ///< opening: documents to sequences
  kRead,       ///< bytes from where they lie: encoded images, tokens, columns of tables
  kDecode,     ///< encoded images to pixels
  kTransform,  ///< pixels to a row of a batch: resized, changed at random, normalised
  kFields,     ///< what else samples of images hold
  kConvert,    ///< columns to numbers
  kAssemble,   ///< all else of loading samples into a batch
  kMix,        ///< images with others
  kCopy,       ///< batches to a device: beginning it
  kIdle,       ///< a thread that loads has nothing to load, or hands over what it has
  kPlan,       ///< which samples come next, and memory for them
  kWait,       ///< for the next batch
  kUse,        ///< of batches
  kModel,      ///< scoring: the model, and what is made of its outputs
  kWrite,      ///< scoring: what comes out
};
constexpr size_t kLoadStages = static_cast<size_t>(LoadStage::kWrite) + 1;

/// "read", "decode", …
std::string_view stage_name(LoadStage stage);

/// What threads have done since they were counted.
struct StageTotals {
  std::array<double, kLoadStages> seconds{};  ///< by stage
  int64_t bytes = 0;    ///< read: images as encoded, tokens as stored, columns as they are in memory
  int64_t samples = 0;  ///< loaded

  double in(LoadStage stage) const { return seconds[static_cast<size_t>(stage)]; }
  StageTotals operator-(const StageTotals& earlier) const;
};

/// Sums over threads. Thread-safe.
class StageClock {
 public:
  StageClock() = default;
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  /// Of all threads so far, without the time since the last change of stage of those other than the caller.
  StageTotals totals() const;

 private:
  friend class CountedThread;
  friend class StageScope;
  friend void count_bytes_read(int64_t bytes);
  friend void count_samples_loaded(int64_t samples);

  /// Written by one thread, read by all.
  struct Thread {
    using Time = std::chrono::steady_clock::time_point;

    explicit Thread(LoadStage first) : stage(first) {}
    /// Ends the stage that the thread is in, and returns it.
    LoadStage enter(LoadStage next);

    const StageClock* clock = nullptr;
    LoadStage stage;
    Time since = std::chrono::steady_clock::now();
    std::array<std::atomic<int64_t>, kLoadStages> nanoseconds{};
    std::atomic<int64_t> bytes = 0;
    std::atomic<int64_t> samples = 0;
  };
  static Thread*& current();

  static void add_thread(const Thread& thread, StageTotals& sum);

  mutable std::mutex mutex_;
  std::list<Thread> threads_;
  StageTotals ended_;  ///< of threads that are counted no longer
};

/// While it lives, the calling thread is in `stage`; then in the one before again.
class StageScope {
 public:
  explicit StageScope(LoadStage stage);
  ~StageScope();
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;

 private:
  StageClock::Thread* thread_;
  LoadStage before_{};
};

/// While it lives, the calling thread, which destroys it, is counted, outside of all scopes in `stage`.
class CountedThread {
 public:
  /// `clock` must outlive this object; null: the thread is not counted. Of a thread that is counted already,
  /// this is a scope (StageScope).
  CountedThread(StageClock* clock, LoadStage stage);
  ~CountedThread();
  CountedThread(const CountedThread&) = delete;
  CountedThread& operator=(const CountedThread&) = delete;

 private:
  StageClock* clock_ = nullptr;
  std::list<StageClock::Thread>::iterator thread_{};
  std::optional<StageScope> scope_;
};

void count_bytes_read(int64_t bytes);
void count_samples_loaded(int64_t samples);

}  // namespace echelon
