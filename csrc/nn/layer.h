// A layer: parameters, buffers and a forward function over tensors. LibTorch's autograd differentiates it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

namespace echelon::nn {

/// What a layer may know of the run while it computes.
struct Context {
  bool training = false;
};

struct Parameter {
  std::string name;   ///< within the layer: "weight", "attention.bias"
  at::Tensor tensor;  ///< a leaf that requires a gradient
  bool decay = true;  ///< weight decay applies (false for biases, norms and the like)
};

struct Buffer {
  std::string name;
  at::Tensor tensor;
  bool running_statistic = false;  ///< changes in training (BatchNorm), so ranks must be kept equal
};

/// Where and as what a layer builds its tensors, and what their values derive from.
struct BuildOptions {
  at::TensorOptions tensor;  ///< dtype and device
  uint64_t seed = 0;         ///< key of this layer: (job seed, layer); each tensor adds its own name
};

class Layer {
 public:
  virtual ~Layer() = default;
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// Inputs and outputs in the order of LayerSpec::inputs and outputs. Shapes are the layer's own contract.
  virtual std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) = 0;

  /// True when forward() draws random numbers in training; the model then seeds the generator for it.
  virtual bool uses_random() const { return false; }

  std::vector<Parameter>& parameters() { return parameters_; }
  std::vector<Buffer>& buffers() { return buffers_; }

 protected:
  /// The tensor comes back requiring a gradient; keep the returned handle.
  at::Tensor add_parameter(std::string name, at::Tensor value, bool decay);
  at::Tensor add_buffer(std::string name, at::Tensor value, bool running_statistic = false);

 private:
  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
};

}  // namespace echelon::nn
