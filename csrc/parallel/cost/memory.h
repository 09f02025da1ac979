// What a pipeline stage needs memory for.
#pragma once

#include <cstdint>
#include <string>

#include "optim/settings.h"
#include "parallel/cost/layer_costs.h"
#include "schedule/partition.h"

namespace echelon::parallel {

/// How a rank trains, as far as memory is concerned.
struct MemoryPlan {
  int state_tensors = 0;         ///< of the optimizer, per parameter: state_tensors()
  bool weight_average = false;   ///< a further copy of the parameters
  int replicas = 1;              ///< of the stage
  bool shard_optimizer = false;  ///< each replica has its part of the optimizer's state
};

/// Tensors of a parameter's size that the optimizer keeps: sgd none, or with momentum one; adam and adamw
/// two.
int state_tensors(const optim::OptimizerSettings& settings);

/// Bytes on one rank, by kind.
struct StageMemory {
  int64_t parameters = 0;
  int64_t buffers = 0;  ///< running statistics
  int64_t gradients = 0;
  int64_t optimizer_state = 0;
  int64_t weight_average = 0;
  int64_t activations = 0;  ///< of the micro-batches in flight, what the stage received included
  int64_t deferred = 0;     ///< of the weight halves that are put off
  int64_t messages = 0;     ///< a buffer for each message that may be on its way

  /// What does not depend on micro-batches.
  int64_t fixed() const { return parameters + buffers + gradients + optimizer_state + weight_average; }
  int64_t total() const { return fixed() + activations + deferred + messages; }

  StageMemory& operator+=(const StageMemory& other);
};

/// Layers [first, last) as a stage that holds at most `in_flight` micro-batches between forward and the input
/// half of backward, and `put_off` between that and the weight half. Messages: one in each direction over
/// each of the stage's boundaries within the model.
StageMemory stage_memory(const ModelCosts& costs, size_t first, size_t last, int in_flight, int put_off,
                         const MemoryPlan& plan);

/// A layer as schedule::partition() wants it. `seconds_per_byte`: of sending over a boundary. Takes the
/// seconds of `costs`; what the first layer of a stage receives is left out.
schedule::LayerLoad layer_load(const ModelCosts& costs, size_t layer, const MemoryPlan& plan,
                               double seconds_per_byte);

/// A line each, "activations 1.50 GiB", largest first; kinds that need nothing are left out.
std::string describe(const StageMemory& memory);

}  // namespace echelon::parallel
