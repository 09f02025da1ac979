#include "plan/plan.h"

#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

#include "common/clock.h"
#include "common/error.h"
#include "plan/settings_for_plans.h"

namespace echelon::plan {
namespace {

Plan plan_of(const std::vector<std::string>& overrides, int ranks = 0) {
  return make_plan(settings_for_plans(overrides), {.name = "small", .ranks = ranks});
}

// 12 width² + 13 width a block, embeddings and the last normalisation.
constexpr int64_t kParameters = 8 * (12 * 64 * 64 + 13 * 64) + (100 + 32) * 64 + 2 * 64;

TEST(Plan, OneRankTakesItsMicroBatchesAndTheOptimizer) {
  const Plan plan = plan_of({});
  EXPECT_EQ(plan.parameters, kParameters);
  ASSERT_EQ(plan.stages.size(), 1u);
  const StageRow& stage = plan.stages.front();
  const double micro_batch = stage.forward + stage.input + stage.weight;
  const double bytes = 4 * (kParameters + 100 * 64);  // the tied tensor counts with both its layers
  const double optimizer = (7 + 1) * bytes / 1e12;    // adamw, and the norm
  EXPECT_NEAR(plan.seconds(), 32 * micro_batch + optimizer, 1e-9);
  EXPECT_DOUBLE_EQ(plan.samples_per_second(), 64 / plan.seconds());
  EXPECT_NEAR(plan.shares.compute, 32 * micro_batch / plan.seconds(), 1e-9);
  EXPECT_NEAR(plan.shares.optimizer, optimizer / plan.seconds(), 1e-9);
}

// 6 operations a parameter and token but for embeddings (2001.08361, section 2.1), and attention.
TEST(Plan, ComputationIsAtLeastTheProducts) {
  const Plan plan = plan_of({});
  const double tokens = 2 * 32;
  const double products = 6 * (8 * 12.0 * 64 * 64 + 100 * 64) * tokens;
  const double attention = 8 * 7 * 2 * tokens * 33 / 2 * 64;
  EXPECT_DOUBLE_EQ(plan.flops, products + attention);
  EXPECT_GE(plan.stages[0].forward + plan.stages[0].input + plan.stages[0].weight, plan.flops / 1e12);
}

TEST(Plan, StagesShareTheModelAndSendItsActivations) {
  const Plan plan = plan_of({"parallel.pipeline=4", "parallel.schedule=1f1b"}, 8);
  EXPECT_EQ(plan.job.grid.replicas, 2);
  ASSERT_EQ(plan.stages.size(), 4u);
  int64_t parameters = 0;
  for (const StageRow& stage : plan.stages) parameters += stage.parameters;
  EXPECT_EQ(parameters, kParameters + 100 * 64);

  ASSERT_EQ(plan.links.size(), 3u);
  for (const LinkRow& link : plan.links) {
    EXPECT_EQ(link.activation_bytes, 2 * 32 * 64 * 4);  // [batch, time, width] in float32
    EXPECT_EQ(link.gradient_bytes, link.activation_bytes);
    EXPECT_EQ(link.between_nodes, link.place == 1);  // ranks 0-3 are a node
    EXPECT_DOUBLE_EQ(link.activation_seconds, 2 * 32 * 64 * 4 / (link.place == 1 ? 10e9 : 100e9));
  }
  ASSERT_EQ(plan.reductions.size(), 4u);
  EXPECT_EQ(plan.reductions[2].bytes_sent, 4 * plan.stages[2].parameters);  // 2 (n-1)/n, n = 2
  EXPECT_EQ(plan.schedule.memory[2].parameters, 4 * plan.stages[2].parameters);
}

TEST(Plan, SharesOfTimeAddUp) {
  for (const char* schedule : {"gpipe", "1f1b", "zb_h1", "zb_v"}) {
    const Plan plan = plan_of({"parallel.pipeline=4", std::string("parallel.schedule=") + schedule}, 8);
    const TimeShares& s = plan.shares;
    EXPECT_NEAR(s.compute + s.idle + s.messages + s.reduction + s.optimizer, 1, 1e-9) << schedule;
    EXPECT_GT(s.messages, 0) << schedule;
  }
}

TEST(Plan, ChoosesAScheduleNoSlowerThanTheOthers) {
  const Plan chosen = plan_of({"parallel.pipeline=4"});
  EXPECT_TRUE(chosen.chosen);
  for (const char* schedule : {"gpipe", "1f1b", "interleaved", "zb_h1", "zb_v"}) {
    const Plan other = plan_of({"parallel.pipeline=4", std::string("parallel.schedule=") + schedule});
    EXPECT_LE(chosen.seconds(), other.seconds() * 1.002) << schedule;
  }
}

TEST(Plan, RefusesWhatDoesNotFitAndSaysWhatWould) {
  try {
    make_plan(settings_for_plans({"micro_batch=16"}),
              {.name = "small", .ranks = 2, .memory_bytes = 20'000'000});
    FAIL();
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("rank 0 needs"), std::string::npos) << message;
    EXPECT_NE(message.find("activations"), std::string::npos) << message;
    const size_t enough = message.find("enough is micro_batch=");
    ASSERT_NE(enough, std::string::npos) << message;
    const std::string change =
        message.substr(enough + 10, message.find_first_of(", ", enough + 10) - enough - 10);
    const Plan fits =
        make_plan(settings_for_plans({change}), {.name = "small", .ranks = 2, .memory_bytes = 20'000'000});
    EXPECT_LE(fits.schedule.fullest().total(), 20'000'000) << change;
  }
}

TEST(Plan, RefusesRanksThatThePipelineDoesNotDivide) {
  EXPECT_THROW(plan_of({"parallel.pipeline=4"}, 6), ConfigError);
}

TEST(Plan, FourThousandRanksTakeNoTime) {
  const Stopwatch watch;
  const Plan plan = plan_of({"global_batch=65536", "parallel.pipeline=8", "hardware=a100"}, 4096);
  EXPECT_EQ(plan.job.grid.replicas, 512);
  EXPECT_EQ(plan.batch.micro_steps, 64);
  EXPECT_LT(watch.seconds(), 10);
}

TEST(Plan, LayersWhoseBackwardCannotBeSplitAreNamedWhereItMatters) {
  EXPECT_TRUE(plan_of({"parallel.pipeline=2", "parallel.schedule=1f1b"}).unsplit.empty());
  Plan plan = plan_of({"parallel.pipeline=2", "parallel.schedule=zb_h1"});
  plan.unsplit = {"conv"};
  EXPECT_NE(to_text(plan).find("cannot be split and runs in the half for inputs: conv"), std::string::npos);
}

TEST(PlanText, FitsIntoATerminal) {
  const std::string text = to_text(plan_of({"parallel.pipeline=4"}, 8));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto columns = std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; });
    EXPECT_LE(columns, 100) << line;
  }
  for (const char* expected :
       {"8 ranks = 4 in a pipeline × 2 replicas", "64 = 2 replicas × 16 micro-batches × 2", "tokens/s",
        "stages:", "memory of a rank", "rank 3 |", "bubble"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
}

TEST(PlanHtml, HoldsTheTimelineAndTheTables) {
  const Plan plan = plan_of({"parallel.pipeline=4"}, 8);
  const std::string page = to_html(plan);
  for (const char* expected : {"<!DOCTYPE html>", "<svg ", "</svg>", "<h2>memory of a rank", "</html>"})
    EXPECT_NE(page.find(expected), std::string::npos) << expected;
  EXPECT_NE(page.find(to_svg(plan)), std::string::npos);
}

}  // namespace
}  // namespace echelon::plan
