#include "parallel/cost/choose_schedule.h"

#include <gtest/gtest.h>

namespace echelon::parallel {
namespace {

ModelCosts equal_layers(int count, int64_t saved_bytes) {
  ModelCosts costs;
  for (int i = 0; i < count; ++i) {
    costs.layers.push_back({.name = "layer." + std::to_string(i),
                            .parameter_bytes = 1000,
                            .saved_bytes = saved_bytes,
                            .deferred_bytes = saved_bytes / 2,
                            .forward_seconds = 1,
                            .input_seconds = 1,
                            .weight_seconds = 1});
  }
  costs.boundaries.resize(static_cast<size_t>(count) + 1);
  return costs;
}

JobShape job(int pipeline, int64_t memory_bytes) {
  return {.grid = {pipeline, 1},
          .hardware = {.devices_per_node = 8,
                       .memory_bytes = memory_bytes,
                       .flops_per_second = 1,
                       .memory_bytes_per_second = 1,
                       .node = {1e9, 0},
                       .network = {1e9, 0}}};
}

constexpr int64_t kPlenty = 1 << 30;

double seconds_of(const ScheduleSettings& schedule, int pipeline, int micro_batches, int layers) {
  const auto ready = make_ready_schedule(schedule, pipeline, micro_batches);
  return plan_within_memory(ready, equal_layers(layers, 10), job(pipeline, kPlenty))->timeline.seconds;
}

// With F, I and W of a rank's layers (schedule/make_schedule.h): m (F+I+W) + (p-1) …
TEST(PlanWithinMemory, StepsTakeWhatTheFormulasSay) {
  constexpr int kRanks = 4, kMicroBatches = 8, kLayers = 8;  // F = I = W = 2 a rank
  const double work = kMicroBatches * 6.0;
  EXPECT_DOUBLE_EQ(seconds_of(Gpipe{}, kRanks, kMicroBatches, kLayers), work + 3 * 6);
  EXPECT_DOUBLE_EQ(seconds_of(OneForwardOneBackward{}, kRanks, kMicroBatches, kLayers), work + 3 * 6);
  EXPECT_DOUBLE_EQ(seconds_of(Interleaved{2}, kRanks, kMicroBatches, kLayers), work + 3 * 6 / 2.0);
  EXPECT_DOUBLE_EQ(seconds_of(ZeroBubbleH1{}, kRanks, kMicroBatches, kLayers), work + 3 * 2);
}

TEST(SchedulesToTry, HaveNoMoreStagesThanLayers) {
  EXPECT_EQ(schedules_to_try(4, 16).size(), 6u);
  EXPECT_EQ(schedules_to_try(4, 15).size(), 5u);  // without four chunks
  EXPECT_EQ(schedules_to_try(4, 7).size(), 3u);
  EXPECT_EQ(schedules_to_try(1, 7).size(), 1u);
}

TEST(ChooseSchedule, TakesTheFastest) {
  for (const int layers : {4, 8, 16}) {
    const PlannedSchedule chosen = choose_schedule(8, equal_layers(layers, 10), job(4, kPlenty));
    for (const ScheduleSettings& other : schedules_to_try(4, static_cast<size_t>(layers)))
      EXPECT_LE(chosen.timeline.seconds, seconds_of(other, 4, 8, layers) * 1.001) << schedule_text(other);
  }
}

// Where a deferred gradient is twice an activation, the last rank of zb_h1 holds 4 of those, 1f1b's first
// rank 4 of these.
TEST(ChooseSchedule, TakesOneThatFits) {
  ModelCosts costs = equal_layers(4, 1000);
  for (LayerCost& layer : costs.layers) layer.deferred_bytes = 2000;
  const PlannedSchedule fastest = choose_schedule(16, costs, job(4, kPlenty));
  const int64_t need = fastest.fullest().total();
  EXPECT_EQ(schedule_text(fastest.settings), "zb_h1");
  EXPECT_EQ(need, 4 * 2000 + 2 * 1000);
  const auto sparing =
      plan_within_memory(make_ready_schedule(OneForwardOneBackward{}, 4, 16), costs, job(4, kPlenty));
  ASSERT_EQ(sparing->fullest().total(), 4000 + 2 * 1000);
  const PlannedSchedule chosen = choose_schedule(16, costs, job(4, need - 1));
  EXPECT_LT(chosen.fullest().total(), need);
  EXPECT_GE(chosen.timeline.seconds, fastest.timeline.seconds);
}

TEST(ChooseSchedule, SaysWhatIsMissing) {
  try {
    choose_schedule(16, equal_layers(8, 1 << 20), job(4, 1 << 20));
    FAIL();
  } catch (const TooFullError& error) {
    const std::string message = error.what();
    // 1f1b's first rank: two layers of 4 micro-batches, and 4 kB of parameters and gradients.
    EXPECT_NE(message.find("rank 0 needs 8.00 MiB"), std::string::npos) << message;
    EXPECT_NE(message.find("has 1.00 MiB: activations 8.00 MiB"), std::string::npos) << message;
    EXPECT_NE(message.find("micro_batch"), std::string::npos) << message;
  }
}

TEST(ChooseSchedule, KeepsToTheUsersSplit) {
  const GivenSplit split{0, 1, 2, 3, 4, 5, 6, 7};
  const PlannedSchedule chosen = choose_schedule(8, equal_layers(8, 10), job(4, kPlenty), split);
  EXPECT_EQ(chosen.stages.first_layers, split);
  EXPECT_EQ(chosen.schedule.stages(), 8);
  EXPECT_THROW(choose_schedule(8, equal_layers(8, 10), job(4, kPlenty), {0, 1, 2}), ConfigError);
}

TEST(ScheduleText, IsWhatOneWrites) {
  EXPECT_EQ(schedule_text(ZeroBubbleV{}), "zb_v");
  EXPECT_EQ(schedule_text(Interleaved{2}), "interleaved");
  EXPECT_EQ(schedule_text(Interleaved{4}), "{interleaved: 4}");
}

TEST(PlanThatFits, TakesAnotherSplitWhereTheFastestIsTooFull) {
  ModelCosts costs = equal_layers(4, 1);
  costs.layers[0].parameter_bytes = costs.layers[1].parameter_bytes = 10'000;
  const ReadySchedule ready = make_ready_schedule(OneForwardOneBackward{}, 2, 4);
  const auto first_layers = [&](int64_t memory) {
    return plan_that_fits(ready, costs, job(2, memory)).stages.first_layers;
  };
  EXPECT_EQ(first_layers(kPlenty), (std::vector<size_t>{0, 2}));
  EXPECT_EQ(first_layers(30'000), (std::vector<size_t>{0, 1}));  // parameters and gradients: 20 and 24 kB
  EXPECT_THROW(first_layers(15'000), TooFullError);
}

}  // namespace
}  // namespace echelon::parallel
