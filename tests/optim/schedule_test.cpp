#include "optim/schedule.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "optim/golden.h"

namespace echelon::optim {
namespace {

constexpr int64_t kTotal = 100;

OptimizerSettings with_schedule(const std::string& name, int64_t warmup) {
  OptimizerSettings settings;
  settings.lr = 0.2;
  settings.schedule.name = name;
  settings.schedule.warmup_steps = warmup;
  return settings;
}

void expect_golden(const std::string& name, const OptimizerSettings& settings) {
  const at::Tensor expected = golden().view("schedule." + name);
  for (int64_t step = 0; step < kTotal; ++step) {
    EXPECT_NEAR(learning_rate(step, kTotal, settings), expected[step].item<double>(), 1e-12)
        << name << " " << step;
  }
}

TEST(Schedule, AgreesWithTorch) {
  expect_golden("constant", with_schedule("constant", 10));
  OptimizerSettings linear = with_schedule("linear", 10);
  linear.schedule.min_ratio = 0.1;
  expect_golden("linear", linear);
  OptimizerSettings cosine = with_schedule("cosine", 10);
  cosine.schedule.min_ratio = 0.1;
  expect_golden("cosine", cosine);
  OptimizerSettings step = with_schedule("step", 0);
  step.schedule.step_size = 30;
  expect_golden("step", step);
  OptimizerSettings milestones = with_schedule("step", 0);
  milestones.schedule.milestones = {30, 60, 80};
  milestones.schedule.gamma = 0.5;
  expect_golden("milestones", milestones);
}

TEST(Schedule, WarmupStableDecayFollowsItsFormula) {
  OptimizerSettings s = with_schedule("wsd", 10);
  s.lr = 1;
  s.schedule.decay_steps = 20;
  s.schedule.min_ratio = 0.01;
  EXPECT_DOUBLE_EQ(learning_rate(0, kTotal, s), 0.1);
  for (const int64_t stable : {9, 10, 50, 79, 80})
    EXPECT_DOUBLE_EQ(learning_rate(stable, kTotal, s), 1) << stable;
  EXPECT_DOUBLE_EQ(learning_rate(90, kTotal, s), 0.505);
  EXPECT_DOUBLE_EQ(learning_rate(100, kTotal, s), 0.01);
  s.schedule.decay_shape = "sqrt";
  EXPECT_DOUBLE_EQ(learning_rate(85, kTotal, s), 0.01 + 0.99 * 0.5);
  s.schedule.decay_shape = "exponential";
  EXPECT_DOUBLE_EQ(learning_rate(90, kTotal, s), 0.1);
  s.schedule.decay_steps.reset();  // a tenth of 100
  EXPECT_DOUBLE_EQ(learning_rate(90, kTotal, s), 1);
  EXPECT_DOUBLE_EQ(learning_rate(95, kTotal, s), 0.1);
}

TEST(Schedule, ShortRunsStayFinite) {
  for (const char* name : {"constant", "linear", "cosine", "wsd"}) {
    for (int64_t total = 1; total < 5; ++total) {
      for (int64_t step = 0; step < total + 3; ++step) {
        const double rate = learning_rate(step, total, with_schedule(name, 2));
        EXPECT_TRUE(rate >= 0 && rate <= 0.2) << name << " " << step << "/" << total;
      }
    }
  }
}

}  // namespace
}  // namespace echelon::optim
