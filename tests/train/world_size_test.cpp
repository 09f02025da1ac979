// What a run computes is set by its configuration, not by the number of ranks.
#include <gmock/gmock.h>

#include "comm/local/local.h"
#include "train/runs.h"

namespace echelon::train::testing {
namespace {

constexpr int64_t kSteps = 50;

struct Case {
  const char* name;
  TrainSettings (*settings)(Precision, double dropout);
  double dropout;
  Precision precision;
  double tolerance;
};

class WorldSizeTest : public ::testing::TestWithParam<Case> {};

TEST_P(WorldSizeTest, OneTwoAndFourRanksAgreeOverFiftySteps) {
  const TrainSettings settings = GetParam().settings(GetParam().precision, GetParam().dropout);
  const Trace one = train_with_threads(settings, 1, kSteps);
  EXPECT_LT(one.losses.back(), 0.95 * one.losses.front())
      << "the run does not learn, so agreement would mean nothing";
  for (const int ranks : {2, 4}) {
    const Trace several = train_with_threads(settings, ranks, kSteps);
    EXPECT_LE(largest_relative_difference(one.losses, several.losses), GetParam().tolerance)
        << ranks << " ranks";
    EXPECT_LE(largest_relative_difference(one.gradient_norms, several.gradient_norms),
              10 * GetParam().tolerance);
  }
}

TEST_P(WorldSizeTest, MicroBatchesDoNotChangeTheResult) {
  TrainSettings settings = GetParam().settings(GetParam().precision, GetParam().dropout);
  const Trace whole = train_with_threads(settings, 2, kSteps);
  settings.micro_batch = 2;
  const Trace parts = train_with_threads(settings, 2, kSteps);
  EXPECT_LE(largest_relative_difference(whole.losses, parts.losses), GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(Runs, WorldSizeTest,
                         ::testing::Values(Case{"convnet_fp64", convnet_run, 0, Precision::kFloat64, 1e-9},
                                           Case{"convnet_fp32", convnet_run, 0, Precision::kFloat32, 1e-4},
                                           Case{"convnet_dropout", convnet_run, 0.3, Precision::kFloat64,
                                                1e-9},
                                           Case{"gpt_fp64", gpt_run, 0, Precision::kFloat64, 1e-9},
                                           Case{"gpt_fp32", gpt_run, 0, Precision::kFloat32, 1e-4},
                                           Case{"gpt_dropout", gpt_run, 0.1, Precision::kFloat64, 1e-9}),
                         [](const auto& info) { return info.param.name; });

TEST(WorldSize, ReplicasStayBitIdentical) {
  const TrainSettings settings = gpt_run(Precision::kFloat32);
  std::vector<Trace> traces(4);
  run_ranks(4, [&](Communicator& comm) { traces[comm.rank()] = train_steps(settings, comm, 5); });
  for (int rank = 1; rank < 4; ++rank) {
    for (size_t i = 0; i < traces[0].weights.size(); ++i) {
      EXPECT_TRUE(traces[0].weights[i].equal(traces[rank].weights[i]))
          << "rank " << rank << ", parameter " << i;
    }
  }
}

}  // namespace
}  // namespace echelon::train::testing
