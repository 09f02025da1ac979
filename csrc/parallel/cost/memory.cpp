#include "parallel/cost/memory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/format.h"

namespace echelon::parallel {

int state_tensors(const optim::OptimizerSettings& settings) {
  if (settings.name == "sgd") return settings.momentum > 0 ? 1 : 0;
  return 2;
}

StageMemory& StageMemory::operator+=(const StageMemory& other) {
  parameters += other.parameters;
  buffers += other.buffers;
  gradients += other.gradients;
  optimizer_state += other.optimizer_state;
  weight_average += other.weight_average;
  activations += other.activations;
  deferred += other.deferred;
  messages += other.messages;
  return *this;
}

StageMemory stage_memory(const ModelCosts& costs, size_t first, size_t last, int in_flight, int put_off,
                         const MemoryPlan& plan) {
  StageMemory memory;
  for (size_t i = first; i < last; ++i) {
    const LayerCost& layer = costs.layers[i];
    memory.parameters += layer.parameter_bytes;
    memory.buffers += layer.buffer_bytes;
    memory.activations += in_flight * layer.saved_bytes;
    memory.deferred += put_off * layer.deferred_bytes;
  }
  const int64_t owners = plan.shard_optimizer ? plan.replicas : 1;
  memory.gradients = memory.parameters;
  memory.optimizer_state = (plan.state_tensors * memory.parameters + owners - 1) / owners;
  memory.weight_average = plan.weight_average ? memory.parameters : 0;
  memory.activations += in_flight * costs.boundaries[first].activation_bytes;
  for (const size_t boundary : {first, last}) {
    if (boundary == 0 || boundary == costs.layers.size()) continue;
    memory.messages +=
        costs.boundaries[boundary].activation_bytes + costs.boundaries[boundary].gradient_bytes;
  }
  return memory;
}

schedule::LayerLoad layer_load(const ModelCosts& costs, size_t layer, const MemoryPlan& plan,
                               double seconds_per_byte) {
  const LayerCost& cost = costs.layers[layer];
  const BoundaryCost& boundary = costs.boundaries[layer];
  return {cost.name, cost.forward_seconds + cost.input_seconds + cost.weight_seconds,
          stage_memory(costs, layer, layer + 1, 0, 0, plan).fixed(), cost.saved_bytes,
          seconds_per_byte * static_cast<double>(boundary.activation_bytes + boundary.gradient_bytes)};
}

std::string describe(const StageMemory& memory) {
  std::vector<std::pair<int64_t, const char*>> kinds{
      {memory.parameters, "parameters"},         {memory.buffers, "running statistics"},
      {memory.gradients, "gradients"},           {memory.optimizer_state, "optimizer state"},
      {memory.weight_average, "weight average"}, {memory.activations, "activations"},
      {memory.deferred, "gradients put off"},    {memory.messages, "messages"}};
  std::ranges::stable_sort(kinds, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> lines;
  for (const auto& [bytes, kind] : kinds) {
    if (bytes > 0) lines.push_back(str_format("{} {}", kind, human_bytes(static_cast<double>(bytes))));
  }
  return join(lines, "\n");
}

}  // namespace echelon::parallel
