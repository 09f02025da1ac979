#include "bench/measurement.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/measurements.h"

namespace echelon::bench {
namespace {

TEST(Measurement, SumsRanks) {
  RankMeasurement slower = example(1);
  slower.seconds = 20;
  slower.samples = 500;
  slower.tokens = 64'000;
  const Measurement total = sum({example(), slower});
  EXPECT_EQ(total.ranks, 2);
  EXPECT_EQ(total.threads, 4);
  EXPECT_EQ(total.cores, 4);
  EXPECT_EQ(total.batches, 200);
  EXPECT_EQ(total.samples, 1500);
  EXPECT_DOUBLE_EQ(total.seconds, 20);
  EXPECT_DOUBLE_EQ(total.samples_per_second, 1500 / 20.0);
  EXPECT_DOUBLE_EQ(total.tokens_per_second, 64'000 / 20.0);
  EXPECT_DOUBLE_EQ(total.bytes_per_second, 100e6 / 20);
  EXPECT_DOUBLE_EQ(total.busy, 32 / 60.0) << "16 s of two threads for 10 s, and of two for 20 s";
  EXPECT_DOUBLE_EQ(total.waited, 18 / 30.0);
  EXPECT_DOUBLE_EQ(total.cores_used, 30 / 20.0);
}

TEST(Measurement, WithoutThreadsTheLoopIsBusy) {
  RankMeasurement alone = example();
  alone.threads = 0;
  EXPECT_DOUBLE_EQ(alone.thread_seconds(), 10);
  EXPECT_DOUBLE_EQ(sum({alone}).busy, 1.6);
}

TEST(Measurement, OfNoTimeHasNoRates) {
  const Measurement total = sum({RankMeasurement{}});
  EXPECT_EQ(total.samples_per_second, 0);
  EXPECT_EQ(total.busy, 0);
}

TEST(Measurement, ComesBackFromJson) {
  const std::string text = to_json(example(3));
  const RankMeasurement back = parse_measurement(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.rank, 3);
  EXPECT_DOUBLE_EQ(back.loading.in(LoadStage::kDecode), 14);
  EXPECT_EQ(back.memory.peak, 310 << 20);
}

TEST(Measurement, TheFileHasTheSumAndEachRank) {
  const auto file = nlohmann::json::parse(
      to_json({.name = "job", .samples = "images", .limit = "decoding"}, {example(0), example(1)}));
  EXPECT_EQ(file["name"], "job");
  EXPECT_EQ(file["samples"], "images");
  EXPECT_EQ(file["limit"], "decoding");
  EXPECT_EQ(file["ranks"].size(), 2u);
  EXPECT_EQ(file["ranks"][1]["rank"], 1);
  EXPECT_EQ(file["ranks"][1]["loading"]["seconds"]["decode"], 14.0);
  EXPECT_EQ(file["total"]["samples_per_second"], 200.0);
  EXPECT_EQ(file["total"]["loading"]["seconds"]["decode"], 28.0);
}

}  // namespace
}  // namespace echelon::bench
