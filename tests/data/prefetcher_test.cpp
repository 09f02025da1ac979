#include "data/prefetcher.h"

#include <gtest/gtest.h>

#include <mutex>
#include <numeric>

#include "common/clock.h"
#include "data/support/counting_dataset.h"

namespace echelon::data {
namespace {

using Numbers = std::vector<int64_t>;

constexpr int64_t kRows = 4;

/// Stands for a device: remembers what was sent and what was received, by the first sample of each batch.
class Journal {
 public:
  Send sender() {
    return [this](Batch batch) {
      const int64_t first = batch.target.const_data_ptr<int64_t>()[0];
      {
        const std::lock_guard lock(mutex_);
        if (first == fails_at_) throw std::runtime_error("the device is full");
        sent_.push_back(first);
        most_ahead_ = std::max(most_ahead_, sent_.size() - received_.size());
      }
      const auto held = std::make_shared<Batch>(std::move(batch));
      return [this, held, first] {
        const std::lock_guard lock(mutex_);
        received_.push_back(first);
        held->target = held->target + 1000;  // what was on the device
        return std::move(*held);
      };
    };
  }
  void fail_at(int64_t first) { fails_at_ = first; }

  Numbers sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  Numbers received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  size_t most_ahead() const {
    const std::lock_guard lock(mutex_);
    return most_ahead_;
  }
  /// Waits until so many have been sent; false: they were not within some seconds.
  bool wait_for_sent(size_t count) const {
    const Stopwatch watch;
    while (sent().size() < count && watch.seconds() < 10)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return sent().size() >= count;
  }

 private:
  mutable std::mutex mutex_;
  Numbers sent_, received_;
  size_t most_ahead_ = 0;
  int64_t fails_at_ = -1;
};

/// Batches of kRows samples from front to back, `batches` of them.
Prefetcher::Plan plan(int64_t batches) {
  return [batches](int64_t number) {
    PlannedBatch planned;
    for (int64_t row = 0; number < batches && row < kRows; ++row)
      planned.samples.push_back({number * kRows + row, 0});
    return planned;
  };
}

PrefetchOptions options(Journal& journal, int threads) {
  PrefetchOptions o;
  o.threads = threads;
  o.prefetch = 3;
  o.send = journal.sender();
  return o;
}

std::shared_ptr<const Dataset> counting(std::set<int64_t> damaged = {}, int microseconds = 0) {
  return std::make_shared<CountingDataset>(1000, std::move(damaged), microseconds);
}

/// The first samples of the first `batches` batches.
Numbers firsts(int64_t batches) {
  Numbers numbers(static_cast<size_t>(batches));
  for (int64_t i = 0; i < batches; ++i) numbers[static_cast<size_t>(i)] = i * kRows;
  return numbers;
}

TEST(PrefetcherSend, TheBatchThatIsDueNextIsSentBeforeItIsAskedForAndNoOther) {
  for (const int threads : {1, 3}) {
    Journal journal;
    Prefetcher prefetcher(counting(), plan(10), options(journal, threads));
    ASSERT_TRUE(journal.wait_for_sent(1)) << "before anything is asked for";
    for (int64_t batch = 0; batch < 10; ++batch) {
      const std::optional<Batch> got = prefetcher.next();
      ASSERT_TRUE(got);
      EXPECT_EQ(got->target.const_data_ptr<int64_t>()[0], 1000 + batch * kRows) << "received, not as loaded";
      EXPECT_EQ(got->targets, kRows);
      const auto due = static_cast<size_t>(std::min<int64_t>(batch + 2, 10));
      ASSERT_TRUE(journal.wait_for_sent(due)) << "batch " << batch + 1 << " while " << batch << " is in use";
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      EXPECT_EQ(journal.sent().size(), due) << "further ones are loaded, but stay where they are";
    }
    EXPECT_FALSE(prefetcher.next());
    EXPECT_EQ(journal.sent(), firsts(10));
    EXPECT_EQ(journal.received(), firsts(10));
  }
}

TEST(PrefetcherSend, KeepsTheOrderWhenThreadsFinishOutOfOrder) {
  Journal journal;
  PrefetchOptions o = options(journal, 4);
  o.prefetch = 6;
  Prefetcher prefetcher(counting({}, 200), plan(30), o);
  for (int64_t batch = 0; batch < 30; ++batch)
    EXPECT_EQ(prefetcher.next()->target.const_data_ptr<int64_t>()[0], 1000 + batch * kRows);
  EXPECT_EQ(journal.sent(), firsts(30));
  EXPECT_EQ(journal.received(), firsts(30));
  EXPECT_LE(journal.most_ahead(), 2u) << "the one handed out and the next";
}

TEST(PrefetcherSend, WithoutThreadsSendsWhenAsked) {
  Journal journal;
  Prefetcher prefetcher(counting(), plan(3), options(journal, 0));
  EXPECT_TRUE(journal.sent().empty());
  for (int64_t batch = 0; batch < 3; ++batch) {
    EXPECT_EQ(prefetcher.next()->target.const_data_ptr<int64_t>()[0], 1000 + batch * kRows);
    EXPECT_EQ(journal.sent(), firsts(batch + 1));
  }
}

TEST(PrefetcherSend, ErrorsOfLoadingAndOfSendingAreThrownWhenTheirBatchIsDue) {
  for (const int threads : {0, 1, 3}) {
    Journal journal;
    journal.fail_at(2 * kRows);
    Prefetcher prefetcher(counting({kRows + 1}), plan(4), options(journal, threads));
    EXPECT_EQ(prefetcher.next()->target.const_data_ptr<int64_t>()[0], 1000);
    EXPECT_THROW(prefetcher.next(), DataError) << "sample 5 is damaged";
    EXPECT_THROW(prefetcher.next(), std::runtime_error) << "the device is full";
    EXPECT_EQ(prefetcher.next()->target.const_data_ptr<int64_t>()[0], 1000 + 3 * kRows);
    EXPECT_EQ(journal.sent(), (Numbers{0, 3 * kRows})) << "what was not loaded is not sent";
  }
}

TEST(PrefetcherSend, WhatIsLeftOutIsNotSent) {
  for (const int threads : {0, 2}) {
    Journal journal;
    PrefetchOptions o = options(journal, threads);
    o.bad_sample = BadSample::kLeaveOut;
    Prefetcher prefetcher(counting({0, 2}), plan(2), o);
    const std::optional<Batch> batch = prefetcher.next();
    EXPECT_EQ(numbers(batch->target), (Numbers{1001, 1003}));
    EXPECT_EQ(batch->samples, 2);
    EXPECT_EQ(batch->targets, 2);
    EXPECT_EQ(prefetcher.skipped(), 2);
    EXPECT_EQ(numbers(prefetcher.next()->target), (Numbers{1004, 1005, 1006, 1007}));
  }
}

TEST(PrefetcherSend, MayBeLeftWhileBatchesAreOnTheirWay) {
  for (int round = 0; round < 20; ++round) {
    Journal journal;
    Prefetcher prefetcher(counting({}, 100), plan(100), options(journal, 3));
    if (round % 2 == 1) prefetcher.next();
    if (round % 3 == 1) journal.wait_for_sent(1);
  }
}

TEST(PrefetcherClock, CountsEachSampleOnceAndAllOfTheThreadsTime) {
  constexpr int64_t kBatches = 8;
  for (const int threads : {0, 1, 3}) {
    StageClock clock;
    const Stopwatch watch;
    {
      const CountedThread loop(&clock, LoadStage::kUse);
      PrefetchOptions o;
      o.threads = threads;
      o.clock = &clock;
      Prefetcher prefetcher(counting({}, 500), plan(kBatches), o);
      while (prefetcher.next()) {
      }
    }
    const double elapsed = watch.seconds();
    const StageTotals totals = clock.totals();
    EXPECT_EQ(totals.samples, kBatches * kRows);
    // A sample sleeps for 500 µs times its number modulo 5.
    double slept = 0;
    for (int64_t i = 0; i < kBatches * kRows; ++i) slept += 500e-6 * static_cast<double>(i % 5);
    EXPECT_GE(totals.in(LoadStage::kAssemble), slept);
    const double threads_time = totals.in(LoadStage::kAssemble) + totals.in(LoadStage::kIdle);
    EXPECT_LE(threads_time, elapsed * std::max(threads, 1));
    const double loop_time =
        totals.in(LoadStage::kUse) + totals.in(LoadStage::kWait) + totals.in(LoadStage::kPlan);
    EXPECT_LE(loop_time, elapsed);
    if (threads > 0) {
      EXPECT_GT(totals.in(LoadStage::kWait), 0.5 * slept / threads);
    }
  }
}

}  // namespace
}  // namespace echelon::data
