// A layer: parameters, buffers and a forward function over tensors. LibTorch's autograd differentiates it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/init.h"
#include "nn/random_source.h"

namespace echelon {
class Communicator;
}

namespace echelon::nn {

class DecodingState;

/// What a layer may know of the run while it computes.
struct Context {
  bool training = false;
  /// In training: batch statistics are taken over all its ranks (synchronised BatchNorm). nullptr: over this
  /// rank.
  Communicator* communicator = nullptr;
  RandomSource random;
  /// The forward pass runs again, for the backward pass (nn/recompute.h): what the first time has changed, as
  /// running statistics, must not change again.
  bool recomputing = false;
  /// Outside training: only tokens that are new run (nn/decoding.h). nullptr: whole sequences do.
  DecodingState* decoding = nullptr;

  /// For a layer inside this one, or for one of several draws.
  Context child(std::string_view name) const {
    return {training, communicator, random.child(name), recomputing, decoding};
  }
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

/// A parameter that another layer owns (LayeredModel's ties).
struct SharedTensor {
  at::Tensor tensor;  ///< undefined when the owner is not built here: then the value is drawn from `key`
  uint64_t key = 0;   ///< from which the owner draws the value
};

/// Where and as what a layer builds its tensors, and what their values derive from.
struct BuildOptions {
  at::TensorOptions tensor;  ///< dtype and device; on the `meta` device nothing is allocated
  uint64_t seed = 0;         ///< key of this layer: (job seed, layer); each tensor adds its own name
  std::map<std::string, SharedTensor> shared;  ///< by the name within the layer
  std::string prefix;                          ///< of the tensors of a layer inside the layer: "attention."

  /// The options of a layer inside this one, whose tensors are called `name`.….
  BuildOptions child(const std::string& name) const;
};

class Layer {
 public:
  virtual ~Layer() = default;
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// Inputs and outputs in the order of LayerSpec::inputs and outputs. Shapes are the layer's own contract.
  /// Random numbers come from context.random alone. Outside training nothing of the layer changes, so that
  /// threads may call this at once.
  virtual std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) = 0;

  std::vector<Parameter>& parameters() { return parameters_; }
  std::vector<Buffer>& buffers() { return buffers_; }

 protected:
  /// A tensor of `shape` with its initial value, or the shared one that `options` holds under this name.
  /// Comes back requiring a gradient; keep the returned handle.
  at::Tensor add_parameter(const BuildOptions& options, const std::string& name, at::IntArrayRef shape,
                           const Initializer& initializer, bool decay);
  at::Tensor add_buffer(std::string name, at::Tensor value, bool running_statistic = false);

  /// Builds a layer inside this one, as L(options.child(name), arguments…), and takes over its tensors as
  /// `name`.….
  template <class L, class... Arguments>
  L& add_child(const BuildOptions& options, const std::string& name, Arguments&&... arguments) {
    auto child = std::make_unique<L>(options.child(name), std::forward<Arguments>(arguments)...);
    L& reference = *child;
    adopt(name, std::move(child));
    return reference;
  }

 private:
  void adopt(const std::string& name, std::unique_ptr<Layer> child);

  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
  std::vector<std::unique_ptr<Layer>> children_;
};

/// A layer of one input and one output.
class UnaryLayer : public Layer {
 public:
  virtual at::Tensor apply(const at::Tensor& input, const Context& context) = 0;
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) final {
    return {apply(inputs[0], context)};
  }
};

}  // namespace echelon::nn
