// Loads batches ahead of their use on threads, and hands them out in order.
//
// Of those that are loaded, the one that is due next is already on its way to where it is used (Send): it is
// sent as soon as it is loaded and the one before has been handed out, by the thread that finds this so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/stage_clock.h"
#include "data/dataset.h"
#include "data/device_copy.h"
#include "data/order/sample_order.h"

namespace echelon::data {

/// What happens with a sample that cannot be loaded: the error is thrown, the next sample that loads takes
/// its place, or its row is taken out of the batch.
enum class BadSample { kFail, kReplace, kLeaveOut };

/// What a batch is made of.
struct PlannedBatch {
  std::vector<SampleReference> samples{};
  /// One more, for PrefetchOptions::combine: it is loaded into a row behind those of `samples`, and is
  /// neither part of the batch nor counted. Not with BadSample::kLeaveOut.
  std::optional<SampleReference> partner{};
};

struct PrefetchOptions {
  int threads = 1;   ///< 0: batches are loaded when they are asked for, by the caller
  int prefetch = 4;  ///< batches in the making or ready: the bound of memory
  at::ScalarType dtype = at::kFloat;
  bool pinned = false;
  BadSample bad_sample = BadSample::kFail;
  /// Changes a batch, given with its number, when all of its rows are loaded; empty: nothing does. Called by
  /// the thread that loads the last of them, so for several batches at once.
  std::function<void(Batch& batch, int64_t number)> combine{};
  Send send{};                  ///< empty: batches stay where they are loaded
  StageClock* clock = nullptr;  ///< counts the threads; must outlive them
};

class Prefetcher {
 public:
  /// Batch number 0, 1, 2, …; without samples: there are no more. Called in order, by the thread that calls
  /// next().
  using Plan = std::function<PlannedBatch(int64_t batch)>;

  Prefetcher(std::shared_ptr<const Dataset> dataset, Plan plan, const PrefetchOptions& options);
  /// Stops loading and joins all threads, whatever they are at: at most one sample each is finished.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next batch, in the order of the plan, for the current stream of the device that it may lie on;
  /// nothing after the last. An error that a thread met is thrown
  /// when its batch is due, that of the first bad row. With kLeaveOut a batch may have no rows.
  std::optional<Batch> next();

  double seconds_waited() const { return seconds_waited_; }  ///< spent inside next()
  int64_t skipped() const { return skipped_; }               ///< bad samples in the batches handed out so far

 private:
  struct Slot;
  struct Rows {
    Slot* slot;
    int64_t first, last;
  };

  void stop();
  void open_slot();
  std::optional<Rows> claim_rows();
  void allocate(Slot& slot);
  void load_rows(const Rows& rows);
  bool load_row(Slot& slot, int64_t row);
  void complete(Slot& slot);
  void finish_batch(Slot& slot);
  void send_front(std::unique_lock<std::mutex>& lock);
  void load_replacement(Slot& slot, int64_t row);
  void work();
  std::unique_ptr<Slot> take_slot();
  Batch hand_out(Slot& slot);
  static Batch usable_rows(const Slot& slot);
  static std::vector<int64_t> usable_samples(const Slot& slot);

  std::shared_ptr<const Dataset> dataset_;
  Plan plan_;
  PrefetchOptions options_;
  int64_t planned_ = 0;
  bool plan_ended_ = false;
  double seconds_waited_ = 0;
  int64_t skipped_ = 0;

  std::mutex mutex_;
  std::condition_variable work_available_;
  std::condition_variable front_ready_;
  std::deque<std::unique_ptr<Slot>> slots_;  ///< in the order of the plan
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace echelon::data
