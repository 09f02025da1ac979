// What the stages of a pipeline cost on given hardware: seconds, bytes and messages, for simulation.
//
// A product or other operation takes as long as the slower of its arithmetic and its memory traffic (the
// roofline of Williams, Waterman and Patterson, 2009); this is applied to each forward and each half of
// backward of a layer as a whole. Collectives are rings in bandwidth and trees in latency: an all-reduce of b
// bytes among n ranks takes 2 (n-1)/n b / bandwidth + 2 ⌈log₂ n⌉ latency, a reduce-scatter or all-gather half
// of that, over the slowest link that the ranks have between them.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/layered_model.h"
#include "optim/settings.h"
#include "parallel/cost/layer_costs.h"
#include "parallel/cost/memory.h"
#include "parallel/grid.h"
#include "parallel/hardware.h"
#include "schedule/simulate.h"

namespace echelon::parallel {

/// A parameter that two layers use: where they are on different ranks, each has a copy, and the gradients of
/// all copies are added up.
struct TiedLayers {
  size_t owner;
  size_t alias;
  int64_t bytes;
};
std::vector<TiedLayers> tied_layers(const nn::ModelSpec& spec, at::ScalarType storage);

/// How a job trains a model.
struct JobShape {
  Grid grid;
  Hardware hardware;
  MemoryPlan memory;
  /// Bytes that the optimizer's step reads or writes for each byte of the parameters: optimizer_traffic().
  double optimizer_traffic = 0;
  int64_t bucket_bytes = 25 << 20;
  std::vector<TiedLayers> ties;
};

/// Reads parameter, gradient and state, writes parameter and state; before, the gradient is read for its
/// norm, and read and written to clip it; an average of the weights reads two tensors and writes one.
double optimizer_traffic(const optim::OptimizerSettings& settings, bool weight_average);

/// Replaces the seconds of every layer by those of the roofline, and Hardware::overhead for each half that
/// computes anything.
void set_roofline_seconds(ModelCosts& costs, const Hardware& hardware);

/// Whether the ranks of two places in some replica are on different nodes.
bool crosses_nodes(const JobShape& job, int place, int other_place);
/// Of a message between the places of a replica: 0 on the same place.
double message_seconds(const JobShape& job, int place, int other_place, int64_t bytes);

/// What the replicas of a place exchange in a step.
struct ReductionCost {
  int64_t bytes_sent = 0;     ///< by each rank, of the gathering of sharded parameters too
  double seconds = 0;         ///< of the gradients
  double gather_seconds = 0;  ///< of the parameters after the update, where the optimizer is sharded
};
ReductionCost reduction_cost(const JobShape& job, int place, int64_t parameter_bytes);

/// How a model is cut and laid out.
struct StagePlan {
  std::vector<size_t> first_layers;  ///< of each stage
  std::vector<int> rank_of_stage;
  bool splits_backward = false;  ///< the schedule runs backward in halves
};

/// Takes the seconds that are in `costs`. The reduction of a stage lasts as long as it goes on after the last
/// backward: the buckets that are full earlier travel during that, where the hardware reduces in the
/// background. What is reduced at the end of the step, because several stages use it, belongs to the step.
schedule::Costs stage_costs(const ModelCosts& costs, const StagePlan& stages, const JobShape& job);

/// By place: as the simulation of these stages says that memory is used. Its sum of activations and deferred
/// gradients is the most that is held of both at once.
std::vector<StageMemory> memory_of_places(const ModelCosts& costs, const StagePlan& stages,
                                          const JobShape& job, const schedule::Timeline& timeline);

/// How the ranks of a pipeline share cores with each other and with the other replicas.
schedule::SimulateOptions simulate_options(const JobShape& job);

}  // namespace echelon::parallel
