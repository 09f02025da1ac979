#include "plan/limits.h"

#include <gtest/gtest.h>

namespace echelon::plan {
namespace {

TEST(DescribeLimit, NamesWhatTakesMostBesideComputation) {
  EXPECT_EQ(describe_limit({.compute = 0.9, .idle = 0.1}, true), "computation, by arithmetic");
  EXPECT_EQ(describe_limit({.compute = 0.9, .idle = 0.1}, false), "computation, by memory traffic");
  EXPECT_EQ(describe_limit({.compute = 0.5, .idle = 0.4, .messages = 0.1}, true).find("the pipeline's idle"),
            0u);
  EXPECT_EQ(describe_limit({.compute = 0.5, .idle = 0.1, .reduction = 0.4}, true).find("the reduction"), 0u);
  EXPECT_EQ(describe_limit({.compute = 0.5, .messages = 0.3, .reduction = 0.2}, true).find("messages"), 0u);
}

// Two ranks, 4 micro-batches, F = 1 and B = 2 a stage: 4·3 of computation in (4 + 1)·3, and with a second for
// each message the same and the messages that nothing hides.
TEST(TimeShares, OfASmallPipeline) {
  parallel::ModelCosts costs;
  for (int i = 0; i < 2; ++i)
    costs.layers.push_back({.forward_seconds = 1, .input_seconds = 1, .weight_seconds = 1});
  costs.boundaries = {{0, 0}, {1, 1}, {0, 0}};
  parallel::JobShape job{.grid = {2, 1},
                         .hardware = {.devices_per_node = 2,
                                      .memory_bytes = 1000,
                                      .memory_bytes_per_second = 1,
                                      .node = {1e12, 0},
                                      .network = {1e12, 0}}};
  const auto ready = parallel::make_ready_schedule(parallel::Gpipe{}, 2, 4);
  const TimeShares fast = time_shares(*parallel::plan_within_memory(ready, costs, job), job);
  EXPECT_NEAR(fast.compute, 12 / 15.0, 1e-9);
  EXPECT_NEAR(fast.idle, 3 / 15.0, 1e-9);
  EXPECT_NEAR(fast.messages, 0, 1e-9);

  job.hardware.node.bytes_per_second = 1;  // gpipe hides all but the first on each way
  const TimeShares slow = time_shares(*parallel::plan_within_memory(ready, costs, job), job);
  EXPECT_NEAR(slow.compute, 12 / 17.0, 1e-9);
  EXPECT_NEAR(slow.messages, 2 / 17.0, 1e-9);
}

}  // namespace
}  // namespace echelon::plan
