#include "schedule/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <tuple>

#include "common/error.h"
#include "common/format.h"

namespace echelon::schedule {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Split = std::vector<size_t>;

/// Calls visit(split) for every split of `layers` layers into `stages` stages, those that cut early first.
void for_each_split(size_t layers, size_t stages, const std::function<void(const Split&)>& visit) {
  Split split{0};
  const std::function<void()> extend = [&] {
    if (split.size() == stages) return visit(split);
    for (size_t next = split.back() + 1; next + (stages - split.size()) <= layers; ++next) {
      split.push_back(next);
      extend();
      split.pop_back();
    }
  };
  extend();
}

struct Problem {
  std::vector<LayerLoad> layers;
  std::vector<StagePlace> stages;
};

/// Whole numbers, small enough that splits often tie.
Problem random_problem(std::mt19937& random, size_t layers, const std::vector<int>& rank_of_stage) {
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  Problem problem;
  for (size_t i = 0; i < layers; ++i) {
    problem.layers.push_back(
        {str_format("layer.{}", i), 1.0 * draw(1, 9), draw(0, 50), draw(0, 20), 1.0 * draw(0, 3)});
  }
  for (const int rank : rank_of_stage) problem.stages.push_back({rank, draw(1, 4)});
  return problem;
}

/// (slowest stage, seconds to send), and the bytes of the fullest rank.
struct Value {
  std::tuple<double, double> cost;
  int64_t bytes;
};

Value value_of(const Problem& problem, const Split& split) {
  double slowest = 0, send = 0;
  std::vector<int64_t> bytes(problem.stages.size());
  for (size_t s = 0; s < split.size(); ++s) {
    const size_t end = s + 1 < split.size() ? split[s + 1] : problem.layers.size();
    double seconds = 0;
    for (size_t i = split[s]; i < end; ++i) {
      seconds += problem.layers[i].seconds;
      bytes[problem.stages[s].rank] +=
          problem.layers[i].fixed_bytes + problem.stages[s].in_flight * problem.layers[i].activation_bytes;
    }
    slowest = std::max(slowest, seconds);
    if (s > 0) send += problem.layers[split[s]].send_seconds;
  }
  return {{slowest, send}, std::ranges::max(bytes)};
}

Split brute_force(const Problem& problem, int64_t limit) {
  Split best;
  for_each_split(problem.layers.size(), problem.stages.size(), [&](const Split& split) {
    const Value value = value_of(problem, split);
    if (value.bytes > limit) return;
    if (best.empty() || value.cost < value_of(problem, best).cost) best = split;
  });
  return best;
}

/// What a quarter of all splits stay within.
int64_t tight_limit(const Problem& problem) {
  std::vector<int64_t> needs;
  for_each_split(problem.layers.size(), problem.stages.size(),
                 [&](const Split& split) { needs.push_back(value_of(problem, split).bytes); });
  std::ranges::sort(needs);
  return needs[needs.size() / 4];
}

TEST(Partition, EqualsBruteForceWithoutLimit) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    const size_t layers = 1 + random() % 11, stages = 1 + random() % layers;
    std::vector<int> ranks(stages);
    for (size_t s = 0; s < stages; ++s) ranks[s] = static_cast<int>(s % 3);
    const Problem problem = random_problem(random, layers, ranks);
    ASSERT_EQ(partition(problem.layers, problem.stages), brute_force(problem, INT64_MAX))
        << "round " << round;
  }
}

TEST(Partition, EqualsBruteForceUnderALimitWhereARankHoldsOneStage) {
  std::mt19937 random(2);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    const size_t layers = 2 + random() % 10, stages = 1 + random() % layers;
    std::vector<int> ranks(stages);
    for (size_t s = 0; s < stages; ++s) ranks[s] = static_cast<int>(stages - 1 - s);
    const Problem problem = random_problem(random, layers, ranks);
    const int64_t limit = round % 4 == 0 ? 100 : tight_limit(problem);
    const Split expected = brute_force(problem, limit);
    if (expected.empty()) {
      ++refused;
      ASSERT_THROW(partition(problem.layers, problem.stages, limit), ConfigError);
    } else {
      ASSERT_EQ(partition(problem.layers, problem.stages, limit), expected) << "round " << round;
    }
  }
  EXPECT_GT(refused, 20);
}

std::vector<int> interleaved(int ranks, int chunks) {
  std::vector<int> of_stage;
  for (int s = 0; s < ranks * chunks; ++s) of_stage.push_back(s % ranks);
  return of_stage;
}

std::vector<int> shaped_like_a_v(int ranks) {
  std::vector<int> of_stage;
  for (int s = 0; s < 2 * ranks; ++s) of_stage.push_back(std::min(s, 2 * ranks - 1 - s));
  return of_stage;
}

TEST(Partition, SearchesWhereARankHoldsSeveralStages) {
  std::mt19937 random(3);
  int optimal = 0;
  for (int round = 0; round < 300; ++round) {
    const int count = 2 + round % 3;
    const std::vector<int> ranks = round % 2 == 0 ? interleaved(count, 2) : shaped_like_a_v(count);
    const Problem problem = random_problem(random, ranks.size() + 3 + random() % 5, ranks);
    const int64_t limit = tight_limit(problem);
    const Value value = value_of(problem, partition(problem.layers, problem.stages, limit));
    const Value best = value_of(problem, brute_force(problem, limit));
    ASSERT_LE(value.bytes, limit) << "round " << round;
    ASSERT_GE(value.cost, best.cost) << "round " << round;
    optimal += std::get<0>(value.cost) == std::get<0>(best.cost);
  }
  EXPECT_GE(optimal, 297);
}

TEST(Partition, EqualLayersMakeEqualStages) {
  const std::vector<LayerLoad> layers(1000, LayerLoad{"layer", 0.1});
  const std::vector<StagePlace> stages(40);
  const Split split = partition(layers, stages);
  for (size_t s = 0; s < split.size(); ++s) EXPECT_EQ(split[s], 25 * s);
}

TEST(Partition, OfEquallySlowSplitsTakesTheOneThatSendsLess) {
  // The slowest stage is the last layer, wherever the first cut lies.
  const std::vector<LayerLoad> layers{{"layer", 1, 0, 0, 9},
                                      {"layer", 1, 0, 0, 3},
                                      {"layer", 1, 0, 0, 2},
                                      {"layer", 1, 0, 0, 2},
                                      {"layer", 5, 0, 0, 4}};
  const std::vector<StagePlace> stages(3);
  EXPECT_THAT(partition(layers, stages), ElementsAre(0, 2, 4));
}

/// Four layers of 3 s, of which the second keeps 40 MiB and the last has 250 MiB of parameters.
std::vector<LayerLoad> uneven_layers() {
  constexpr int64_t kMebibyte = 1 << 20;
  return {{"embedding", 3, 10 * kMebibyte, 0},
          {"block.0", 3, 10 * kMebibyte, 40 * kMebibyte},
          {"block.1", 3, 10 * kMebibyte, kMebibyte},
          {"head", 3, 250 * kMebibyte, 0}};
}

TEST(Partition, MicroBatchesInFlightMoveTheCut) {
  const std::vector<StagePlace> few{{0, 1}, {1, 1}}, many{{0, 8}, {1, 1}};
  const int64_t limit = 320 << 20;
  EXPECT_THAT(partition(uneven_layers(), few, limit), ElementsAre(0, 2));
  // Eight times 40 MiB leave no room for 20 MiB of parameters, but the second rank holds all behind the first
  // layer in 311 MiB.
  EXPECT_THAT(partition(uneven_layers(), many, limit), ElementsAre(0, 1));
}

template <class Call>
void expect_refused(const Call& call, std::vector<std::string> parts) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ConfigError& error) {
    for (const std::string& part : parts) EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

TEST(Partition, RefusesMoreStagesThanLayers) {
  const std::vector<StagePlace> stages(6);
  expect_refused([&] { partition(uneven_layers(), stages); }, {"6 stages", "model has 4", "use at most 4"});
}

TEST(Partition, SaysWhatDoesNotFit) {
  const std::vector<StagePlace> stages{{0, 2}, {1, 1}};
  expect_refused(
      [&] { partition(uneven_layers(), stages, int64_t{200} << 20); },
      {"4 layers into 2 stages", "200 MiB a rank", "needs 250 MiB on rank 1", "stage 1, layer 'head' alone",
       "more ranks", "parallel.recompute", "parallel.shard_optimizer"});
  const std::vector<StagePlace> all_on_one{{0, 2}, {0, 1}};
  expect_refused(
      [&] { partition(uneven_layers(), all_on_one, int64_t{200} << 20); },
      {"rank 0 (stage 0, layer 'embedding' alone: 10.0 MiB", "stage 1, layers 'block.0' to 'head'"});
}

const std::vector<std::string> kNames{"embedding", "block.0", "block.1", "block.2", "head"};

Split placed(const std::vector<std::string>& first_names, size_t stages) {
  return first_layers(kNames, first_names, stages);
}

TEST(FirstLayers, AreFoundByName) {
  EXPECT_THAT(placed({"embedding", "block.1", "head"}, 3), ElementsAre(0, 2, 4));
  EXPECT_THAT(placed({"embedding"}, 1), ElementsAre(0));
}

TEST(FirstLayers, RefusesWhatDoesNotPlaceEveryLayerOnce) {
  expect_refused([] { placed({"embedding", "blok.1"}, 2); }, {"no layer 'blok.1'", "did you mean 'block.1'"});
  expect_refused([] { placed({"embedding", "x"}, 2); }, {"no layer 'x'", "block.0, block.1, block.2, head"});
  expect_refused([] { placed({"embedding", "block.1", "block.1"}, 3); }, {"'block.1' stands twice"});
  expect_refused(
      [] {
        placed({"embedding", "block.2", "block.0"}, 3);
      },
      {"'block.0' stands after 'block.2'"});
  expect_refused([] { placed({"block.0", "head"}, 2); }, {"starts with 'block.0'", "start with 'embedding'"});
  expect_refused([] { placed({"embedding", "head"}, 3); }, {"named: 2", "of stages: 3"});
}

}  // namespace
}  // namespace echelon::schedule
