#include "common/stage_clock.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <thread>

#include "common/clock.h"

namespace echelon {
namespace {

void sleep_ms(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

double sum_of(const StageTotals& totals) {
  return std::accumulate(totals.seconds.begin(), totals.seconds.end(), 0.0);
}

TEST(StageClock, StagesWithinOthersDoNotCountTwice) {
  StageClock clock;
  const Stopwatch watch;
  {
    const CountedThread counted(&clock, LoadStage::kIdle);
    sleep_ms(10);
    const StageScope outer(LoadStage::kTransform);
    sleep_ms(20);
    {
      const StageScope inner(LoadStage::kDecode);
      sleep_ms(30);
    }
    sleep_ms(5);
  }
  const double elapsed = watch.seconds();
  const StageTotals totals = clock.totals();
  EXPECT_GE(totals.in(LoadStage::kIdle), 0.010);
  EXPECT_GE(totals.in(LoadStage::kTransform), 0.025);
  EXPECT_GE(totals.in(LoadStage::kDecode), 0.030);
  EXPECT_EQ(totals.in(LoadStage::kRead), 0);
  EXPECT_LE(sum_of(totals), elapsed);
  EXPECT_GT(sum_of(totals), elapsed - 0.005) << "all of the thread's time belongs to some stage";
}

TEST(StageClock, TheCallersOwnStageCountsUpToNow) {
  StageClock clock;
  const CountedThread counted(&clock, LoadStage::kUse);
  const StageTotals before = clock.totals();
  sleep_ms(10);
  const StageTotals passed = clock.totals() - before;
  EXPECT_GE(passed.in(LoadStage::kUse), 0.010);
  sleep_ms(10);
  EXPECT_GE((clock.totals() - before).in(LoadStage::kUse), 0.020);
}

TEST(StageClock, AddsUpThreadsThatAreGone) {
  StageClock clock;
  std::vector<std::thread> threads;
  for (int64_t i = 1; i <= 4; ++i) {
    threads.emplace_back([&clock, i] {
      const CountedThread counted(&clock, LoadStage::kIdle);
      const StageScope scope(LoadStage::kRead);
      count_bytes_read(1000 * i);
      count_samples_loaded(i);
      sleep_ms(10);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StageTotals totals = clock.totals();
  EXPECT_EQ(totals.bytes, 1000 + 2000 + 3000 + 4000);
  EXPECT_EQ(totals.samples, 1 + 2 + 3 + 4);
  EXPECT_GE(totals.in(LoadStage::kRead), 4 * 0.010);
}

TEST(StageClock, AThreadThatIsCountedAlreadyIsCountedOnce) {
  StageClock clock;
  const Stopwatch watch;
  {
    const CountedThread counted(&clock, LoadStage::kWait);
    {
      const CountedThread again(&clock, LoadStage::kModel);
      sleep_ms(10);
    }
    sleep_ms(10);
  }
  const double elapsed = watch.seconds();
  const StageTotals totals = clock.totals();
  EXPECT_GE(totals.in(LoadStage::kModel), 0.010);
  EXPECT_GE(totals.in(LoadStage::kWait), 0.010);
  EXPECT_LE(sum_of(totals), elapsed);
}

TEST(StageClock, CountsNobodyWhoDoesNotAskForIt) {
  StageClock clock;
  const auto work = [] {
    const StageScope scope(LoadStage::kRead);
    count_bytes_read(1);
    count_samples_loaded(1);
  };
  work();
  {
    const CountedThread nobody(nullptr, LoadStage::kIdle);
    work();
  }
  { const CountedThread counted(&clock, LoadStage::kIdle); }
  work();
  const StageTotals totals = clock.totals();
  EXPECT_EQ(totals.bytes, 0);
  EXPECT_EQ(totals.samples, 0);
  EXPECT_EQ(totals.in(LoadStage::kRead), 0);
}

TEST(StageClock, StagesHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kLoadStages; ++i) names.insert(stage_name(static_cast<LoadStage>(i)));
  EXPECT_EQ(names.size(), kLoadStages);
  EXPECT_EQ(names.count(""), 0u);
  EXPECT_EQ(stage_name(LoadStage::kDecode), "decode");
  EXPECT_EQ(stage_name(LoadStage::kUse), "use");
}

}  // namespace
}  // namespace echelon
