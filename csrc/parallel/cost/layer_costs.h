// What each layer of a model costs: computation, traffic, time and memory of one micro-batch.
//
// Layers are built and run one at a time, so a model larger than the memory of this process is no problem.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/layered_model.h"
#include "nn/loss.h"

namespace echelon::parallel {

/// The loss (nn/loss.h) belongs to the layer that makes the model's first output. The backward pass is cut in
/// two halves, gradients of inputs and of weights, as nn/weight_gradients.h does it.
struct LayerCost {
  std::string name;
  int64_t parameters = 0;  ///< tied tensors count with each of their layers
  int64_t parameter_bytes = 0;
  int64_t buffer_bytes = 0;

  /// Floating-point operations, and bytes that operations read and write (parallel/cost/operation_counter.h).
  /// 0 where the layer does not run on the meta device.
  double forward_flops = 0, input_flops = 0, weight_flops = 0;
  double forward_bytes = 0, input_bytes = 0, weight_bytes = 0;

  /// Memory that lives from forward to backward: of the storages that this layer makes, those that it or a
  /// later layer keeps for its backward. A stage of layers [first, last) holds for each micro-batch in flight
  /// their sum and BoundaryCost::activation_bytes at `first`.
  int64_t saved_bytes = 0;
  /// What is held from the input half to the weight half.
  int64_t deferred_bytes = 0;

  /// Median of the repetitions; 0 where nothing was measured.
  double forward_seconds = 0, input_seconds = 0, weight_seconds = 0;
  /// False when a parameter's gradient came with the input half, not the weight half.
  bool splits = true;
};

/// What crosses the boundary before a layer, or before the loss (nn::activations_before()).
struct BoundaryCost {
  int64_t activation_bytes = 0;
  int64_t gradient_bytes = 0;  ///< on the way back: of the activations that depend on parameters
};

struct ModelCosts {
  std::vector<LayerCost> layers;
  std::vector<BoundaryCost> boundaries;  ///< one more than layers
};

struct CostOptions {
  at::ScalarType storage = at::kFloat;     ///< of parameters and inputs
  std::optional<at::ScalarType> autocast;  ///< products are computed in it
  nn::LossOptions loss;
  std::vector<bool> recomputed;  ///< as LayeredModel::set_recomputed()
};

/// On the meta device: nothing is computed and no memory taken. Operations and memory are those of a GPU:
/// attention as FlashAttention, no fused layers. Inputs and targets are those of one micro-batch; only shapes
/// and types matter, and any device will do. Throws what LibTorch throws where an operation lacks a kernel
/// for the meta device.
ModelCosts estimate_costs(const nn::ModelSpec& spec, const nn::Activations& inputs, const at::Tensor& targets,
                          const CostOptions& options);

/// On the device of the inputs, with random activations between layers: seconds, and memory as this device's
/// operations keep it. Operations and traffic are estimated. Layers that are estimated alike are run once. A
/// layer runs once to warm up and `repetitions` times.
ModelCosts measure_costs(const nn::ModelSpec& spec, const nn::Activations& inputs, const at::Tensor& targets,
                         const CostOptions& options, int repetitions = 5);

}  // namespace echelon::parallel
