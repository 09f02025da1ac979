#include "parallel/cost/stage_costs.h"

#include <gtest/gtest.h>

#include <numeric>

#include "models/registry.h"
#include "schedule/communication.h"
#include "schedule/make_schedule.h"

namespace echelon::parallel {
namespace {

/// A GFLOP and a GB a second, half a GB between nodes of four.
Hardware slow_hardware() {
  return {.name = "slow",
          .devices_per_node = 4,
          .memory_bytes = 1'000'000'000'000,
          .flops_per_second = 1e9,
          .memory_bytes_per_second = 1e9,
          .node = {1e9, 0},
          .network = {0.5e9, 0}};
}

JobShape job(int pipeline, int replicas) {
  return {.grid = {pipeline, replicas}, .hardware = slow_hardware(), .memory = {.replicas = replicas}};
}

TEST(Roofline, TakesTheSlowerOfArithmeticAndTrafficAndTheOverhead) {
  ModelCosts costs;
  costs.layers = {{.forward_flops = 3e9, .input_flops = 1e9, .forward_bytes = 2e9, .input_bytes = 4e9}};
  Hardware hardware = slow_hardware();
  hardware.overhead = 0.25;
  set_roofline_seconds(costs, hardware);
  EXPECT_DOUBLE_EQ(costs.layers[0].forward_seconds, 3.25);
  EXPECT_DOUBLE_EQ(costs.layers[0].input_seconds, 4.25);
  EXPECT_EQ(costs.layers[0].weight_seconds, 0);
}

// Patarasuk and Yuan 2009: a ring all-reduce moves 2 (n-1)/n of the bytes through each rank's link.
TEST(ReductionCost, IsThatOfARing) {
  const ReductionCost cost = reduction_cost(job(1, 4), 0, 1'000'000'000);
  EXPECT_DOUBLE_EQ(cost.seconds, 2 * 3.0 / 4);
  EXPECT_EQ(cost.bytes_sent, 1'500'000'000);
  EXPECT_EQ(cost.gather_seconds, 0);
  EXPECT_EQ(reduction_cost(job(4, 1), 0, 1'000'000'000).seconds, 0);
}

TEST(ReductionCost, DependsOnTheSlowestLink) {
  EXPECT_DOUBLE_EQ(reduction_cost(job(1, 8), 0, 1'000'000'000).seconds, 2 * 7.0 / 8 / 0.5);
  // Places 0 and 1 of two replicas are on the first node, all of it in one.
  EXPECT_DOUBLE_EQ(reduction_cost(job(4, 2), 3, 1'000'000'000).seconds, 1);
}

TEST(ReductionCost, ShardedItIsAReduceScatterAndAnAllGather) {
  JobShape sharded = job(1, 4);
  sharded.memory.shard_optimizer = true;
  const ReductionCost cost = reduction_cost(sharded, 0, 1'000'000'000);
  EXPECT_DOUBLE_EQ(cost.seconds, 0.75);
  EXPECT_DOUBLE_EQ(cost.gather_seconds, 0.75);
  EXPECT_EQ(cost.bytes_sent, 1'500'000'000);
}

TEST(ReductionCost, LatencyGrowsWithTheLogarithm) {
  JobShape large = job(1, 1024);
  large.hardware.network.latency = 1;
  EXPECT_NEAR(reduction_cost(large, 0, 1).seconds, 2 * 10, 1e-6);
}

TEST(Messages, GoOverTheNetworkWhereAnyReplicaLeavesItsNode) {
  const JobShape two_replicas = job(4, 2);  // ranks 0 1 | 2 3 on the first node, 4 5 | 6 7 on the second
  EXPECT_FALSE(crosses_nodes(two_replicas, 0, 1));
  EXPECT_TRUE(crosses_nodes(two_replicas, 1, 2));
  EXPECT_TRUE(crosses_nodes(two_replicas, 3, 0));
  const JobShape three_replicas = job(2, 3);  // ranks 0 1 2 | 3 4 5: replica 0 stays, replica 1 leaves
  EXPECT_TRUE(crosses_nodes(three_replicas, 0, 1));
  EXPECT_DOUBLE_EQ(message_seconds(two_replicas, 0, 1, 500'000'000), 0.5);
  EXPECT_DOUBLE_EQ(message_seconds(two_replicas, 1, 2, 500'000'000), 1);
  EXPECT_EQ(message_seconds(two_replicas, 1, 1, 500'000'000), 0);
}

ModelCosts equal_layers(int count, double forward, double input, double weight) {
  ModelCosts costs;
  for (int i = 0; i < count; ++i) {
    costs.layers.push_back({.name = std::to_string(i),
                            .parameters = 1000,
                            .parameter_bytes = 4000,
                            .buffer_bytes = 10,
                            .saved_bytes = 300,
                            .deferred_bytes = 100,
                            .forward_seconds = forward,
                            .input_seconds = input,
                            .weight_seconds = weight});
  }
  costs.boundaries.assign(static_cast<size_t>(count) + 1, {50, 40});
  return costs;
}

TEST(StageCosts, AreSumsOverLayersAndBytesOverLinks) {
  const schedule::Costs costs =
      stage_costs(equal_layers(5, 1, 2, 3), {{0, 2}, {0, 1}, /*splits_backward=*/true}, job(2, 1));
  ASSERT_EQ(costs.stages.size(), 2u);
  EXPECT_DOUBLE_EQ(costs.stages[0].forward, 2);
  EXPECT_DOUBLE_EQ(costs.stages[1].input, 6);
  EXPECT_DOUBLE_EQ(costs.stages[1].weight, 9);
  EXPECT_DOUBLE_EQ(costs.stages[0].send_activations, 50 / 1e9);
  EXPECT_DOUBLE_EQ(costs.stages[1].send_gradients, 40 / 1e9);
  EXPECT_EQ(costs.stages[1].send_activations, 0);
  EXPECT_DOUBLE_EQ(costs.stages[1].activation_bytes, 3 * 300 + 50);
  EXPECT_DOUBLE_EQ(costs.stages[1].deferred_bytes, 3 * 100);
}

TEST(StageCosts, TheOptimizerTakesItsTraffic) {
  JobShape one = job(1, 4);
  one.optimizer_traffic = optimizer_traffic({.name = "adamw", .clip_norm = 1.0}, /*weight_average=*/false);
  EXPECT_EQ(one.optimizer_traffic, 7 + 1 + 2);  // w, g, m, v read and w, m, v written; norm; clipping
  const StagePlan whole{{0}, {0}, false};
  EXPECT_DOUBLE_EQ(stage_costs(equal_layers(5, 1, 1, 1), whole, one).step[0], 10 * 20000 / 1e9);
  one.memory.shard_optimizer = true;
  EXPECT_DOUBLE_EQ(stage_costs(equal_layers(5, 1, 1, 1), whole, one).step[0],
                   10 * 20000 / 4 / 1e9 + 0.75 * 20000 / 1e9);
}

// Of four buckets the last is full at the end of backward; the others travel while it runs.
TEST(StageCosts, ReductionsHideBehindTheLastBackward) {
  JobShape two = job(1, 2);
  two.bucket_bytes = 1000;
  const StagePlan whole{{0}, {0}, false};
  const double ring = 4000 / 1e9;
  EXPECT_DOUBLE_EQ(stage_costs(equal_layers(1, 1, 1, 1), whole, two).stages[0].reduce, ring / 4);
  const double backward = ring / 2;
  EXPECT_DOUBLE_EQ(stage_costs(equal_layers(1, 1, backward, 0), whole, two).stages[0].reduce,
                   ring - backward * 3 / 4);
  two.hardware.reduces_in_background = false;
  EXPECT_DOUBLE_EQ(stage_costs(equal_layers(1, 1, 1, 1), whole, two).stages[0].reduce, ring);
}

TEST(StageCosts, TiedParametersOfDifferentRanksAreReducedAtTheEnd) {
  JobShape tied = job(2, 2);
  tied.ties = {{0, 4, 1'000'000'000}};
  const StagePlan plan{{0, 2}, {0, 1}, false};
  const schedule::Costs costs = stage_costs(equal_layers(5, 1, 1, 1), plan, tied);
  EXPECT_DOUBLE_EQ(costs.step[0], 2 * 3.0 / 4);  // four copies on one node
  EXPECT_DOUBLE_EQ(costs.step[1], costs.step[0]);
  EXPECT_EQ(stage_costs(equal_layers(5, 1, 1, 1), {{0}, {0}, false}, tied).step[0], 0);
}

TEST(TiedLayers, OfGptAreEmbeddingAndHead) {
  const models::GptSettings gpt{.layers = 2, .heads = 4, .width = 64, .context = 32, .vocabulary = 100};
  const auto ties = tied_layers(models::make_model(gpt), at::kDouble);
  ASSERT_EQ(ties.size(), 1u);
  EXPECT_EQ(ties[0].owner, 0u);
  EXPECT_EQ(ties[0].alias, 4u);
  EXPECT_EQ(ties[0].bytes, 8 * 64 * 100);
}

TEST(MemoryOfPlaces, AddsUpToFixedBytesAndWhatIsInFlight) {
  const ModelCosts costs = equal_layers(4, 1, 1, 1);
  const schedule::Schedule schedule = schedule::with_communication(schedule::make_schedule("1f1b", 2, 6));
  JobShape two = job(2, 1);
  two.memory.state_tensors = 2;
  const StagePlan plan{{0, 2}, schedule.rank_of_stage, false};
  const auto timeline = schedule::simulate(schedule, stage_costs(costs, plan, two), simulate_options(two));
  const auto memory = memory_of_places(costs, plan, two, timeline);
  EXPECT_EQ(memory[0].parameters, 8000);
  EXPECT_EQ(memory[0].buffers, 20);
  EXPECT_EQ(memory[0].gradients, 8000);
  EXPECT_EQ(memory[0].optimizer_state, 16000);
  EXPECT_EQ(memory[0].activations, 2 * (2 * 300 + 50));  // 1f1b: p - r micro-batches
  EXPECT_EQ(memory[1].activations, 1 * (2 * 300 + 50));
  EXPECT_EQ(memory[0].deferred, 0);
  EXPECT_EQ(memory[0].messages, 50 + 40);
}

// Four ranks a node in two replicas: each pipeline has half of the four cores.
TEST(SimulateOptions, ReplicasShareCores) {
  JobShape crowded = job(2, 2);
  crowded.hardware.ranks_at_once = 2;
  EXPECT_EQ(simulate_options(crowded).cores_per_node, 1);
  EXPECT_EQ(simulate_options(job(2, 2)).cores_per_node, 0);
}

}  // namespace
}  // namespace echelon::parallel
