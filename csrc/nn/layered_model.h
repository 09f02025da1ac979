// A model as a list of layers over named activations.
//
// The description (LayerSpec) is cheap and holds no tensors; a LayeredModel builds only some contiguous
// ranges of layers, so that a pipeline rank never allocates what it does not own. Parameter values are a pure
// function of (seed, layer name, tensor name): they do not depend on the range, the rank or the order of
// building.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/layer.h"

namespace echelon::nn {

struct LayerSpec {
  std::string name;  ///< unique; prefix of the layer's tensors: "block.3" → "block.3.mlp.weight"
  std::vector<std::string> inputs;   ///< activations read
  std::vector<std::string> outputs;  ///< activations written; a name may be written again (x → x)
  std::function<std::unique_ptr<Layer>(const BuildOptions&)> build;
};

/// Two tensors that are one: `alias` is not stored or trained by itself but is `owner`. The owner's layer
/// comes first.
struct Tie {
  std::string owner;  ///< "embedding.token.weight"
  std::string alias;  ///< "head.weight"
};

struct ModelSpec {
  std::string family;  ///< "gpt", for messages and manifests
  std::vector<LayerSpec> layers;
  std::vector<std::string> inputs;   ///< activations that the data provides: {"tokens"} or {"image"}
  std::vector<std::string> outputs;  ///< activations that the loss reads: {"logits"}
  std::vector<Tie> ties;
};

/// Throws ConfigError naming the layer when an activation is read before it is written, two layers share a
/// name, an output is never written, or a tie names no layer or puts the alias before its owner.
void validate(const ModelSpec& spec);

/// Index of the layer that a tensor's full name belongs to, or the number of layers.
size_t layer_of_tensor(const ModelSpec& spec, const std::string& tensor);

/// The activations that must be there when layer `layer` starts: those that it, a later layer or the loss
/// still reads, in alphabetical order. `layer` may be the number of layers: then the model's outputs. What
/// crosses a stage's boundary.
std::vector<std::string> activations_before(const ModelSpec& spec, size_t layer);

/// A parameter under its full name. `tensor` is the same storage as the layer's.
struct NamedParameter {
  std::string name;
  at::Tensor tensor;
  bool decay;
  size_t layer;               ///< index into ModelSpec::layers, of the first use that is built
  std::vector<size_t> parts;  ///< the parts whose layers use it, ascending
};
struct NamedBuffer {
  std::string name;
  at::Tensor tensor;
  bool running_statistic;
};

using Activations = std::map<std::string, at::Tensor>;

/// Called after each layer with its index and outputs.
using LayerObserver = std::function<void(size_t layer, at::TensorList outputs)>;

/// Layers [first, last).
struct LayerRange {
  size_t first;
  size_t last;
};

class LayeredModel {
 public:
  /// Builds the layers of each range of `parts`, after validate(); the ranges ascend and do not overlap. A
  /// tie whose owner and alias are both built shares one tensor; an alias whose owner is not has the owner's
  /// name and initial value.
  LayeredModel(ModelSpec spec, std::vector<LayerRange> parts, at::TensorOptions tensor, uint64_t seed);
  /// One part of layers [first, last).
  LayeredModel(ModelSpec spec, size_t first, size_t last, at::TensorOptions tensor, uint64_t seed);
  /// One part of all layers.
  LayeredModel(ModelSpec spec, at::TensorOptions tensor, uint64_t seed);

  const ModelSpec& spec() const { return spec_; }
  const std::vector<LayerRange>& parts() const { return parts_; }

  /// In training, layers whose flag is set (by index into ModelSpec::layers) keep their inputs alone and run
  /// forward again in backward (nn/recompute.h).
  void set_recomputed(std::vector<bool> layers) { recomputed_ = std::move(layers); }

  /// In order of use; a tied tensor once, under its owner's name.
  std::vector<NamedParameter> parameters() const;
  std::vector<NamedBuffer> buffers() const;
  int64_t parameter_count() const;

  /// Runs the layers of a part. Activations no later layer reads, and that are not an output, are released on
  /// the way; returned is activations_before(spec, last), and inputs that no layer knows. Layers get random
  /// numbers of their own, by name. Throws InternalError when an activation is missing.
  ///
  /// Outside training several threads may run one model at once: it and its layers (nn/layer.h) only read.
  /// Whether gradients are recorded, autocast (nn/autocast.h) and SharedWeights belong to the thread.
  Activations forward(size_t part, Activations inputs, const Context& context,
                      const LayerObserver& observer = nullptr);
  /// Of the only part.
  Activations forward(Activations inputs, const Context& context, const LayerObserver& observer = nullptr);

 private:
  /// A layer that is built, and the activations that are dead from there on.
  struct Built {
    size_t index;  ///< into ModelSpec::layers
    size_t part;
    std::unique_ptr<Layer> layer;
    std::vector<std::string> released;
  };
  void build_layer(size_t layer, size_t part, const at::TensorOptions& tensor, uint64_t seed);
  std::vector<at::Tensor> run_layer(const Built& built, const Activations& live, const Context& context);
  std::map<std::string, SharedTensor> shared_tensors(const LayerSpec& layer, uint64_t seed) const;
  std::string owner_of(const std::string& tensor) const;

  ModelSpec spec_;
  std::vector<LayerRange> parts_;
  std::vector<Built> layers_;
  std::vector<bool> recomputed_;
};

/// A model of all layers on LibTorch's `meta` device: names and shapes alone.
LayeredModel without_memory(const ModelSpec& spec);

}  // namespace echelon::nn
