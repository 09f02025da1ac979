// What a pipeline computes is what one rank computes, whatever the schedule and the split.
#include "parallel/pipeline/runtime.h"

#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "common/format.h"
#include "parallel/pipeline/members.h"
#include "schedule/communication.h"
#include "schedule/make_schedule.h"
#include "schedule/verify.h"

namespace echelon::parallel::testing {
namespace {

constexpr double kTolerance = 1e-12;
constexpr int kSteps = 3;

/// What one rank computes, once a toy and number of micro-batches.
const std::vector<Step>& reference(const Toy& toy, int64_t micro_batches) {
  static std::map<std::pair<std::string, int64_t>, std::vector<Step>> known;
  std::vector<Step>& steps = known[{toy.name, micro_batches}];
  if (steps.empty()) steps = train_alone(toy, micro_batches, kSteps);
  return steps;
}

void expect_agreement(const Toy& toy, const Shape& shape) {
  const std::vector<Step>& expected = reference(toy, shape.replicas * shape.micro_batches);
  SharedSteps found(kSteps);
  run_ranks(shape.ranks(), [&](Communicator& world) { train_together(toy, shape, world, found); });
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string what = str_format("{}, step {}", describe(toy, shape), i);
    EXPECT_NEAR(found.losses[i], expected[i].loss, kTolerance * std::abs(expected[i].loss)) << what;
    expect_near(found.gradients[i].values(), expected[i].gradients, kTolerance, what);
    expect_near(found.parameters[i].values(), expected[i].parameters, kTolerance, what);
  }
}

class PipelineRuntimeTest : public ::testing::TestWithParam<std::string> {};

TEST_P(PipelineRuntimeTest, ForwardsSkipConnectionsThroughStages) {
  for (const int pipeline : {1, 2, 4})
    expect_agreement(unet(), {.schedule = GetParam(), .pipeline = pipeline});
}

TEST_P(PipelineRuntimeTest, TakesSeveralInputsOutputsAndLengths) {
  for (const int pipeline : {1, 2, 4})
    expect_agreement(text_with_mask(), {.schedule = GetParam(), .pipeline = pipeline});
}

TEST_P(PipelineRuntimeTest, KeepsTiedWeightsEqual) {
  for (const int pipeline : {1, 2, 4}) {
    for (const int replicas : {1, 2}) {
      for (const bool shard : {false, true})
        expect_agreement(
            tied(), {.schedule = GetParam(), .pipeline = pipeline, .replicas = replicas, .shard = shard});
    }
  }
}

TEST_P(PipelineRuntimeTest, DividesTheOptimizerAmongReplicas) {
  for (const Toy& toy : {unet(), text_with_mask()}) {
    for (const int pipeline : {1, 2})
      expect_agreement(toy, {.schedule = GetParam(), .pipeline = pipeline, .replicas = 3, .shard = true});
  }
}

TEST_P(PipelineRuntimeTest, RunsForwardAgainInBackward) {
  for (const Toy& toy : {unet(), text_with_mask(), tied()})
    expect_agreement(toy, {.schedule = GetParam(), .pipeline = 2, .replicas = 2, .recompute = true});
}

TEST_P(PipelineRuntimeTest, RunsFewerMicroBatchesThanRanks) {
  for (const int micro_batches : {1, 3})
    expect_agreement(unet(), {.schedule = GetParam(), .pipeline = 4, .micro_batches = micro_batches});
}

TEST_P(PipelineRuntimeTest, HoldsAsManyMicroBatchesAsTheVerifierCounts) {
  const Toy toy = chain(8);
  for (const int pipeline : {1, 2, 4}) {
    for (const int micro_batches : {8, 64}) {
      const Shape shape{.schedule = GetParam(), .pipeline = pipeline, .micro_batches = micro_batches};
      const schedule::Report report = schedule::verify(layout_of(toy, shape).schedule);
      ASSERT_TRUE(report.ok());
      run_ranks(pipeline, [&](Communicator& world) {
        Member member(toy, shape, world);
        member.differentiate();
        const int64_t most = member.runtime().most_in_flight();
        EXPECT_EQ(most, report.of_rank[static_cast<size_t>(world.rank())].until_weight)
            << describe(toy, shape) << " rank " << world.rank();
        if (shape.schedule == "1f1b") {
          EXPECT_EQ(most, pipeline - world.rank());
        }
        member.finalize();
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, PipelineRuntimeTest, ::testing::ValuesIn(schedule::names()),
                         [](const auto& info) { return info.param == "1f1b" ? "one_f_one_b" : info.param; });

TEST(PipelineRuntime, StartsFromTheSameBitsOnAnyNumberOfStages) {
  for (const Toy& toy : {unet(), text_with_mask(), tied()}) {
    Values expected;
    for (const int pipeline : {1, 2, 4}) {
      Assembly found;
      run_ranks(pipeline, [&](Communicator& world) {
        Member member(toy, {.schedule = "1f1b", .pipeline = pipeline}, world);
        found.add_parameters(member.model());
        member.finalize();
      });
      if (pipeline == 1) expected = found.values();
      expect_near(found.values(), expected, 0, describe(toy, {.pipeline = pipeline}));
    }
  }
}

TEST(PipelineRuntime, HasOnlyItsOwnLayers) {
  const Toy toy = unet();
  const std::vector<std::vector<std::string>> layers = {
      {"stem"}, {"down.1", "down.2"}, {"middle.0", "middle.1", "up.2"}, {"up.1", "up.0", "head"}};
  run_ranks(4, [&](Communicator& world) {
    Member member(toy, {.pipeline = 4}, world);
    std::vector<std::string> expected, found;
    for (const std::string& layer : layers[static_cast<size_t>(world.rank())]) {
      expected.push_back(layer + ".convolution.weight");
      expected.push_back(layer + ".convolution.bias");
    }
    for (const nn::NamedParameter& parameter : member.model().parameters()) found.push_back(parameter.name);
    EXPECT_EQ(found, expected);
    member.finalize();
  });
}

TEST(PipelineRuntime, CountsBytesAndTimes) {
  // Of the chain two activations of 2 × 3 float64 pass each boundary but the first, where there is one.
  constexpr int kMicroBatches = 5;
  constexpr int64_t kBytes = 2 * 3 * 8;
  const Toy toy = chain(6);
  const Shape shape{.schedule = "1f1b", .pipeline = 3, .micro_batches = kMicroBatches};
  run_ranks(3, [&](Communicator& world) {
    Member member(toy, shape, world);
    std::vector<ActionTime> times;
    member.runtime().record_times(&times);
    member.differentiate();
    EXPECT_EQ(member.runtime().bytes_sent(), kMicroBatches * kBytes * (world.rank() == 1 ? 4 : 2));
    const PipelineLayout layout = layout_of(toy, shape);
    const auto& actions = layout.schedule.ranks[static_cast<size_t>(world.rank())];
    ASSERT_EQ(times.size(), actions.size());
    for (size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(times[i].action, actions[i]);
      EXPECT_LE(times[i].start, times[i].end);
      EXPECT_LE(i == 0 ? 0 : times[i - 1].end, times[i].start);
    }
    member.finalize();
  });
}

}  // namespace
}  // namespace echelon::parallel::testing
