#include "bench/limits.h"

#include <gmock/gmock.h>

#include "bench/measurements.h"

namespace echelon::bench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string limit(const RankMeasurement& rank, const data::LoadingSettings& settings = {}) {
  return describe_limit(sum({rank}), settings);
}

TEST(DescribeLimit, NamesTheStageThatTakesMost) {
  RankMeasurement rank = example();
  EXPECT_THAT(limit(rank), StartsWith("decoding, on 2 threads a rank; threads have all 2 cores"));
  in(rank.loading, LoadStage::kDecode) = 1;
  in(rank.loading, LoadStage::kTransform) = 13;
  EXPECT_THAT(limit(rank), StartsWith("resizing"));
  in(rank.loading, LoadStage::kTransform) = 0;
  in(rank.loading, LoadStage::kConvert) = 13;
  EXPECT_THAT(limit(rank), HasSubstr("data.memory_mb"));
}

TEST(DescribeLimit, AsksForThreadsWhereCoresAreFree) {
  RankMeasurement rank = example();
  rank.cores = 8;
  EXPECT_THAT(limit(rank), HasSubstr("data.threads=8 uses all cores"));
}

TEST(DescribeLimit, TellsReadingThatWaitsFromReadingThatComputes) {
  RankMeasurement rank = example();
  in(rank.loading, LoadStage::kRead) = 14;
  in(rank.loading, LoadStage::kDecode) = 2;
  EXPECT_THAT(limit(rank), Not(HasSubstr("wait for the storage"))) << "15 of 16 busy seconds are computed";
  rank.processor_seconds = 3;
  EXPECT_THAT(limit(rank), HasSubstr("wait for the storage"));
  EXPECT_THAT(limit(rank), HasSubstr("data.threads=4"));
  EXPECT_THAT(limit(rank), HasSubstr("data.shuffle={shards: 8}"));
  data::LoadingSettings in_order;
  in_order.shuffle.enabled = false;
  EXPECT_THAT(limit(rank, in_order), Not(HasSubstr("shuffle")));
}

TEST(DescribeLimit, OfIdleThreadsIsWhatTheyAreGiven) {
  RankMeasurement rank = example();
  in(rank.loading, LoadStage::kDecode) = 4;
  data::LoadingSettings settings;
  settings.prefetch = 3;
  EXPECT_THAT(limit(rank, settings), HasSubstr("idle 70 % of their time"));
  EXPECT_THAT(limit(rank, settings), HasSubstr("data.prefetch=6"));
  in(rank.loading, LoadStage::kWait) = 1;
  EXPECT_THAT(limit(rank, settings), StartsWith("the loop that takes batches"));
}

TEST(DescribeLimit, AsksForAThreadWhereThereIsNone) {
  RankMeasurement rank = example();
  rank.threads = 0;
  EXPECT_THAT(limit(rank), HasSubstr("set data.threads to 1 or more"));
}

}  // namespace
}  // namespace echelon::bench
