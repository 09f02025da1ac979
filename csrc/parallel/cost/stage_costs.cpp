#include "parallel/cost/stage_costs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "schedule/partition.h"

namespace echelon::parallel {
namespace {

double seconds_over(const Link& link, double bytes) {
  return link.latency + bytes / link.bytes_per_second;
}

int hops(int ranks) {
  return std::bit_width(static_cast<unsigned>(ranks - 1));  // ⌈log₂ ranks⌉
}

/// Of a reduce-scatter or an all-gather.
double half_ring_seconds(const Link& link, int ranks, double bytes) {
  return (ranks - 1.0) / ranks * bytes / link.bytes_per_second + hops(ranks) * link.latency;
}

/// The link that a collective of `ranks` consecutive ranks from `first` depends on.
const Link& link_among(const Hardware& hardware, int first, int ranks) {
  const int node = hardware.devices_per_node;
  return first / node == (first + ranks - 1) / node ? hardware.node : hardware.network;
}

struct StageSums {
  double forward = 0, input = 0, weight = 0;
  int64_t parameter_bytes = 0, saved_bytes = 0, deferred_bytes = 0;
};

StageSums sums_of(const ModelCosts& costs, const StagePlan& stages, size_t stage) {
  StageSums sums;
  const size_t end = schedule::end_of_stage(stages.first_layers, stage, costs.layers.size());
  for (size_t i = stages.first_layers[stage]; i < end; ++i) {
    const LayerCost& layer = costs.layers[i];
    sums.forward += layer.forward_seconds;
    sums.input += layer.input_seconds;
    sums.weight += layer.weight_seconds;
    sums.parameter_bytes += layer.parameter_bytes;
    sums.saved_bytes += layer.saved_bytes;
    sums.deferred_bytes += layer.deferred_bytes;
  }
  return sums;
}

/// What is left of a reduction when the backward that makes its gradients is over.
double visible_seconds(const ReductionCost& cost, double backward, int64_t bytes, const JobShape& job) {
  if (!job.hardware.reduces_in_background) return cost.seconds;
  const double buckets =
      std::ceil(static_cast<double>(std::max<int64_t>(1, bytes)) / static_cast<double>(job.bucket_bytes));
  return std::max(cost.seconds / buckets, cost.seconds - backward * (buckets - 1) / buckets);
}

int place_of_layer(const StagePlan& stages, size_t layer) {
  const auto next = std::ranges::upper_bound(stages.first_layers, layer);
  return stages.rank_of_stage[static_cast<size_t>(next - stages.first_layers.begin()) - 1];
}

/// Of the update by each place, and of what comes with it.
std::vector<double> step_seconds(const ModelCosts& costs, const StagePlan& stages, const JobShape& job) {
  std::vector<double> seconds(static_cast<size_t>(job.grid.pipeline));
  const int owners = job.memory.shard_optimizer ? job.grid.replicas : 1;
  for (size_t stage = 0; stage < stages.first_layers.size(); ++stage) {
    const int place = stages.rank_of_stage[stage];
    const int64_t bytes = sums_of(costs, stages, stage).parameter_bytes;
    seconds[static_cast<size_t>(place)] +=
        job.optimizer_traffic * static_cast<double>(bytes) / owners / job.hardware.memory_bytes_per_second +
        reduction_cost(job, place, bytes).gather_seconds;
  }
  for (const TiedLayers& tie : job.ties) {
    const int owner = place_of_layer(stages, tie.owner), alias = place_of_layer(stages, tie.alias);
    if (owner == alias) continue;
    const Link& link = link_among(job.hardware, 0, job.grid.ranks());
    const double reduction =
        2 * half_ring_seconds(link, 2 * job.grid.replicas, static_cast<double>(tie.bytes));
    for (const int place : {owner, alias}) seconds[static_cast<size_t>(place)] += reduction;
  }
  return seconds;
}

}  // namespace

std::vector<TiedLayers> tied_layers(const nn::ModelSpec& spec, at::ScalarType storage) {
  std::vector<TiedLayers> ties;
  for (const nn::Tie& tie : spec.ties) {
    const size_t owner = nn::layer_of_tensor(spec, tie.owner);
    const nn::LayeredModel layer(spec, owner, owner + 1, at::TensorOptions().dtype(storage).device(at::kMeta),
                                 /*seed=*/0);
    for (const nn::NamedParameter& parameter : layer.parameters()) {
      if (parameter.name != tie.owner) continue;
      ties.push_back(
          {owner, nn::layer_of_tensor(spec, tie.alias), static_cast<int64_t>(parameter.tensor.nbytes())});
    }
  }
  return ties;
}

double optimizer_traffic(const optim::OptimizerSettings& settings, bool weight_average) {
  constexpr double kParameterAndGradient = 3, kState = 2, kNorm = 1, kClip = 2, kAverage = 3;
  return kParameterAndGradient + kState * state_tensors(settings) + kNorm + (settings.clip_norm ? kClip : 0) +
         (weight_average ? kAverage : 0);
}

void set_roofline_seconds(ModelCosts& costs, const Hardware& hardware) {
  const auto seconds = [&](double flops, double bytes) {
    if (flops == 0 && bytes == 0) return 0.0;
    return std::max(flops / hardware.flops_per_second, bytes / hardware.memory_bytes_per_second) +
           hardware.overhead;
  };
  for (LayerCost& layer : costs.layers) {
    layer.forward_seconds = seconds(layer.forward_flops, layer.forward_bytes);
    layer.input_seconds = seconds(layer.input_flops, layer.input_bytes);
    layer.weight_seconds = seconds(layer.weight_flops, layer.weight_bytes);
  }
}

bool crosses_nodes(const JobShape& job, int place, int other_place) {
  const int node = job.hardware.devices_per_node;
  for (int replica = 0; replica < std::min(job.grid.replicas, node); ++replica) {
    if (job.grid.rank(place, replica) / node != job.grid.rank(other_place, replica) / node) return true;
  }
  return false;
}

double message_seconds(const JobShape& job, int place, int other_place, int64_t bytes) {
  if (place == other_place || bytes == 0) return 0;
  const Hardware& hardware = job.hardware;
  return seconds_over(crosses_nodes(job, place, other_place) ? hardware.network : hardware.node,
                      static_cast<double>(bytes));
}

ReductionCost reduction_cost(const JobShape& job, int place, int64_t parameter_bytes) {
  const int replicas = job.grid.replicas;
  if (replicas == 1 || parameter_bytes == 0) return {};
  const Link& link = link_among(job.hardware, job.grid.rank(place, 0), replicas);
  const double half = half_ring_seconds(link, replicas, static_cast<double>(parameter_bytes));
  const auto sent =
      static_cast<int64_t>(2 * (replicas - 1.0) / replicas * static_cast<double>(parameter_bytes));
  if (job.memory.shard_optimizer) return {sent, half, half};
  return {sent, 2 * half, 0};
}

schedule::Costs stage_costs(const ModelCosts& costs, const StagePlan& stages, const JobShape& job) {
  schedule::Costs result;
  const size_t count = stages.first_layers.size();
  for (size_t stage = 0; stage < count; ++stage) {
    const StageSums sums = sums_of(costs, stages, stage);
    const int place = stages.rank_of_stage[stage];
    schedule::StageCosts cost{.forward = sums.forward, .input = sums.input, .weight = sums.weight};
    if (stage + 1 < count) {
      const BoundaryCost& boundary = costs.boundaries[stages.first_layers[stage + 1]];
      cost.send_activations =
          message_seconds(job, place, stages.rank_of_stage[stage + 1], boundary.activation_bytes);
    }
    const BoundaryCost& before = costs.boundaries[stages.first_layers[stage]];
    if (stage > 0)
      cost.send_gradients =
          message_seconds(job, place, stages.rank_of_stage[stage - 1], before.gradient_bytes);
    const double last_backward = sums.weight + (stages.splits_backward ? 0 : sums.input);
    cost.reduce = visible_seconds(reduction_cost(job, place, sums.parameter_bytes), last_backward,
                                  sums.parameter_bytes, job);
    cost.activation_bytes = static_cast<double>(sums.saved_bytes + before.activation_bytes);
    cost.deferred_bytes = static_cast<double>(sums.deferred_bytes);
    result.stages.push_back(cost);
  }
  result.step = step_seconds(costs, stages, job);
  return result;
}

std::vector<StageMemory> memory_of_places(const ModelCosts& costs, const StagePlan& stages,
                                          const JobShape& job, const schedule::Timeline& timeline) {
  std::vector<StageMemory> memory(static_cast<size_t>(job.grid.pipeline));
  for (size_t stage = 0; stage < stages.first_layers.size(); ++stage) {
    memory[static_cast<size_t>(stages.rank_of_stage[stage])] +=
        stage_memory(costs, stages.first_layers[stage],
                     schedule::end_of_stage(stages.first_layers, stage, costs.layers.size()),
                     /*in_flight=*/0, /*put_off=*/0, job.memory);
  }
  for (size_t place = 0; place < memory.size(); ++place) {
    const schedule::RankUse& use = timeline.use[place];
    memory[place].activations = static_cast<int64_t>(use.peak_activation_bytes);
    memory[place].deferred = static_cast<int64_t>(use.peak_bytes - use.peak_activation_bytes);
  }
  return memory;
}

schedule::SimulateOptions simulate_options(const JobShape& job) {
  schedule::SimulateOptions options;
  if (job.hardware.ranks_at_once > 0) options.cores_per_node = job.hardware.ranks_at_once / job.grid.replicas;
  return options;
}

}  // namespace echelon::parallel
