// One layer of a model, built alone and run to see what it costs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/layered_model.h"
#include "nn/weight_gradients.h"
#include "parallel/cost/layer_costs.h"

namespace echelon::parallel {

/// An activation as a layer sees it.
struct ActivationShape {
  at::Tensor tensor;  ///< on the meta device, unless it is an input of the model; undefined: nobody reads it
  bool needs_gradient = false;  ///< depends on parameters
  int64_t storage_bytes = 0;    ///< of the memory that it lies in, other outputs of its layer maybe too
};

/// What lives on when a layer has run forward and only its graph is held.
struct KeptMemory {
  int64_t inside = 0;         ///< of storages that the layer made, without its outputs'
  std::vector<bool> inputs;   ///< which inputs
  std::vector<bool> outputs;  ///< which outputs
  /// Per output: which of the inputs, followed by the outputs before it, has the same memory; -1: none.
  std::vector<int> same_memory;
};

struct LayerReport {
  LayerCost cost;  ///< without saved_bytes
  std::vector<ActivationShape> outputs;
  KeptMemory kept;
};

class LayerProbe {
 public:
  /// `layer` of `spec`, whose inputs, in the order of LayerSpec::inputs, are like `inputs`. With defined
  /// `targets` the loss of its first output belongs to it.
  LayerProbe(const nn::ModelSpec& spec, size_t layer, std::vector<ActivationShape> inputs, at::Tensor targets,
             const CostOptions& options, at::Device device);

  /// Sizes and memory; on the meta device operations and traffic too.
  LayerReport inspect();
  /// Sets the seconds of `cost`.
  void time(LayerCost& cost, int repetitions);

 private:
  struct Forward {
    std::vector<at::Tensor> outputs;
    at::Tensor loss;  // undefined where the layer has none
    std::shared_ptr<nn::DeferredGradients> deferred;
  };
  nn::Activations make_inputs();
  at::Tensor make_input(const ActivationShape& input) const;
  Forward run_forward(nn::Activations inputs);
  static void run_backward(Forward& forward);
  void inspect_sizes(LayerCost& cost) const;
  void inspect_memory(LayerReport& report);
  void inspect_halves(LayerReport& report);
  void count_operations(LayerCost& cost);

  const nn::LayerSpec& layer_;
  std::vector<ActivationShape> inputs_;
  at::Tensor targets_;
  CostOptions options_;
  at::Device device_;
  nn::LayeredModel model_;
  at::Tensor anchor_;  // a leaf that makes inputs part of a graph
};

}  // namespace echelon::parallel
