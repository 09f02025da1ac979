#include "parallel/batch_plan.h"

#include <gmock/gmock.h>

#include "common/error.h"

namespace echelon::parallel {
namespace {

using testing::HasSubstr;

std::string problem(int64_t global_batch, std::optional<int64_t> micro_batch, int ranks) {
  try {
    plan_batch(global_batch, micro_batch, {.replicas = ranks});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(BatchPlan, WithoutMicroBatchARankTakesItsPartInOnePass) {
  const BatchPlan plan = plan_batch(64, std::nullopt, {.replicas = 4});
  EXPECT_EQ(plan.per_replica, 16);
  EXPECT_EQ(plan.micro_batch, 16);
  EXPECT_EQ(plan.micro_steps, 1);
  EXPECT_EQ(plan.describe({.replicas = 4}), "64 = 4 ranks × 1 micro-batch × 16 samples");
}

TEST(BatchPlan, MicroBatchesMultiplyToTheGlobalBatch) {
  for (int ranks : {1, 2, 3, 4, 6}) {
    for (int64_t micro : {1, 2, 4}) {
      const BatchPlan plan = plan_batch(48, micro, {.replicas = ranks});
      EXPECT_EQ(ranks * plan.micro_steps * plan.micro_batch, 48);
    }
  }
}

TEST(BatchPlan, NamesTheNearestGlobalBatchAndWorldSize) {
  EXPECT_EQ(problem(64, std::nullopt, 3),
            "global_batch: 64 does not divide among 3 ranks; use 63 or 66, or 2 or 4 ranks");
  EXPECT_THAT(problem(2, std::nullopt, 4), HasSubstr("use 4, or 2 ranks"));
}

TEST(BatchPlan, NamesTheNearestMicroBatch) {
  EXPECT_EQ(problem(64, 12, 2),
            "micro_batch: 12 does not divide the 32 samples that each of 2 ranks has of global_batch 64; use "
            "8 or 16");
  EXPECT_THAT(problem(64, 100, 2), HasSubstr("use 32"));
}

TEST(BatchPlan, APipelineGetsManyMicroBatchesByItself) {
  const Grid grid{.pipeline = 2, .replicas = 2};
  const BatchPlan plan = plan_batch(64, std::nullopt, grid);
  EXPECT_EQ(plan.micro_batch, 4);  // 32 samples a replica in 4 · 2 passes
  EXPECT_EQ(plan.describe(grid), "64 = 2 replicas × 8 micro-batches × 4 samples");
  EXPECT_EQ(plan_batch(36, std::nullopt, grid).micro_batch, 2) << "18 samples do not divide into 8";
  EXPECT_EQ(plan_batch(4, std::nullopt, grid).micro_batch, 1);
}

}  // namespace
}  // namespace echelon::parallel
