// What a run computes does not depend on how its model is spread over ranks, nor on the schedule.
#include <gmock/gmock.h>

#include <numeric>

#include "common/format.h"
#include "train/runs.h"

namespace echelon::train::testing {
namespace {

constexpr int64_t kSteps = 30;

struct Model {
  const char* name;
  TrainSettings (*settings)(Precision);
};
const Model kGpt{"gpt", [](Precision precision) { return deep_gpt_run(precision, 0); }};
const Model kGptDropout{"gpt_dropout", [](Precision precision) { return deep_gpt_run(precision, 0.1); }};
const Model kResnet{"resnet", resnet_run};

struct Shape {
  const char* name;
  parallel::ScheduleSettings schedule;
};
const Shape kShapes[] = {{"gpipe", parallel::Gpipe{}},
                         {"one_f_one_b", parallel::OneForwardOneBackward{}},
                         {"interleaved", parallel::Interleaved{.chunks = 2}},
                         {"zb_h1", parallel::ZeroBubbleH1{}},
                         {"zb_v", parallel::ZeroBubbleV{}}};

double mean(std::vector<double>::const_iterator ten) {
  return std::accumulate(ten, ten + 10, 0.0) / 10;
}

class PipelineTest : public ::testing::TestWithParam<Shape> {};

/// Losses and norms of one rank, computed once a model and precision.
const Trace& reference(const Model& model, Precision precision) {
  static std::map<std::pair<std::string, Precision>, Trace> traces;
  auto& trace = traces[{model.name, precision}];
  if (trace.losses.empty()) trace = train_with_threads(model.settings(precision), 1, kSteps);
  return trace;
}

void expect_agreement(const Model& model, Precision precision, double tolerance, const Shape& shape,
                      int pipeline, int replicas, bool shard) {
  TrainSettings settings = model.settings(precision);
  settings.parallel.pipeline = pipeline;
  settings.parallel.schedule = shape.schedule;
  settings.parallel.shard_optimizer = shard;
  const Trace& one = reference(model, precision);
  EXPECT_LT(mean(one.losses.end() - 10), mean(one.losses.begin()))
      << "it does not learn, so agreement would mean nothing";
  const Trace several = train_with_threads(settings, pipeline * replicas, kSteps);
  const std::string what = str_format("{} {} pipeline {} replicas {}{}", model.name, shape.name, pipeline,
                                      replicas, shard ? " sharded" : "");
  EXPECT_LE(largest_relative_difference(one.losses, several.losses), tolerance) << what;
  EXPECT_LE(largest_relative_difference(one.gradient_norms, several.gradient_norms), 10 * tolerance) << what;
}

TEST_P(PipelineTest, AgreesWithOneRankInFloat64) {
  for (const Model& model : {kGpt, kResnet}) {
    for (const int pipeline : {2, 4}) {
      for (const int replicas : {1, 2}) {
        for (const bool shard : {false, true}) {
          if (shard && replicas == 1) continue;  // nothing to share
          expect_agreement(model, Precision::kFloat64, 1e-9, GetParam(), pipeline, replicas, shard);
        }
      }
    }
  }
}

TEST_P(PipelineTest, AgreesWithOneRankInFloat32) {
  for (const Model& model : {kGpt, kResnet}) {
    for (const int pipeline : {2, 4}) {
      expect_agreement(model, Precision::kFloat32, 1e-4, GetParam(), pipeline, 1, false);
      expect_agreement(model, Precision::kFloat32, 1e-4, GetParam(), pipeline, 2, true);
    }
  }
}

TEST_P(PipelineTest, DropoutDoesNotDependOnTheSplit) {
  expect_agreement(kGptDropout, Precision::kFloat64, 1e-9, GetParam(), 2, 2, true);
}

INSTANTIATE_TEST_SUITE_P(Schedules, PipelineTest, ::testing::ValuesIn(kShapes),
                         [](const auto& info) { return info.param.name; });

TEST(ShardedOptimizer, AgreesWithOneRankWithoutAPipeline) {
  for (const Model& model : {kGpt, kResnet}) {
    for (const int replicas : {2, 4})
      expect_agreement(model, Precision::kFloat64, 1e-9, kShapes[1], 1, replicas, true);
  }
}

TEST(Recomputation, DoesNotChangeTheResult) {
  for (const std::vector<std::string>& layers :
       {std::vector<std::string>{"full"}, {"block.1", "block.[3-5]"}}) {
    TrainSettings settings = kGptDropout.settings(Precision::kFloat64);
    settings.parallel.recompute = layers;
    const Trace alone = train_with_threads(settings, 1, kSteps);
    EXPECT_LE(largest_relative_difference(reference(kGptDropout, Precision::kFloat64).losses, alone.losses),
              1e-12);
    settings.parallel.pipeline = 2;
    settings.parallel.schedule = parallel::ZeroBubbleV{};
    const Trace split = train_with_threads(settings, 2, kSteps);
    EXPECT_LE(largest_relative_difference(alone.losses, split.losses), 1e-9);
  }
}

}  // namespace
}  // namespace echelon::train::testing
