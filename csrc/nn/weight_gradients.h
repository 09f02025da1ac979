// Gradients of parameters, computed apart from those of activations.
//
// Pipeline schedules without bubbles (Qi et al., "Zero Bubble Pipeline Parallelism", 2401.10241) cut the
// backward pass of a stage in two: the input half goes back through the layers and gives the previous stage
// what it waits for; the weight half can be done at any time before the optimizer. Here the layers themselves
// put it off: forward runs under a DeferredGradients::Recording, backward then leaves parameters alone and
// adds what is left to do to that object, and run() does it. The same serves where nothing has to wait: then
// products go straight into the gradients' memory, instead of into tensors that autograd adds to them.
//
// What is put off whole: matrix products and convolutions with respect to weights, biases of linear layers
// and convolutions, embeddings. Norms, whose gradients come from one pass over the data, are differentiated
// in the input half; only adding the result to the parameter waits.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function_hook.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace echelon::nn {

/// A hook on a parameter that says where its gradient is to lie.
class GradientPlace : public torch::autograd::PostAccumulateGradHook {
 public:
  /// Of the parameter's shape and type, contiguous. What lies there is of no meaning while the parameter has
  /// no gradient.
  virtual const at::Tensor& place() const = 0;
  /// Whether the gradient must lie there as the parameter does. Until then that of a matrix may lie there
  /// column by column, if products are faster so; settle_gradient() ends that.
  virtual bool is_final() const = 0;
};

/// Puts the gradient of `parameter`, if it has one, into its GradientPlace as the parameter lies.
void settle_gradient(const at::Tensor& parameter);

/// Adds to the gradients of `parameters` what follows from `held`, by accumulate_gradient, accumulate_product
/// and begun_gradient.
using WeightHalf = std::function<void(at::TensorList parameters, at::TensorList held)>;

/// What the backward pass of one micro-batch through one stage has left to do.
class DeferredGradients {
 public:
  enum class When {
    kLater,   ///< by run()
    kAtOnce,  ///< in backward. Hooks of a parameter are called after each of its uses, not after all.
  };
  explicit DeferredGradients(When when = When::kLater) : when_(when) {}

  /// Makes `deferred` that of forward passes on this thread while it lives; nullptr: gradients are computed
  /// at once. The graph keeps `deferred`, so backward may run later and on another thread. Recordings nest.
  class Recording {
   public:
    explicit Recording(std::shared_ptr<DeferredGradients> deferred);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

   private:
    std::shared_ptr<DeferredGradients> previous_;
  };

  /// That of the innermost Recording on this thread, or nullptr.
  static const std::shared_ptr<DeferredGradients>& current();

  /// A leaf to stand for the parameters among the inputs of a torch::autograd::Function that defers: autograd
  /// calls the hooks of its inputs even where it returns no gradient for them.
  static const at::Tensor& anchor();

  /// For a layer's backward: keeps `compute` and its arguments until run(), or calls it. Parameters may be
  /// undefined or need no gradient. `held` is kept without its graph. Thread-safe.
  void defer(std::vector<at::Tensor> parameters, std::vector<at::Tensor> held, WeightHalf compute);

  /// For a gradient that is there already, and only to be added by run(). May be undefined.
  void defer_gradient(const at::Tensor& parameter, const at::Tensor& gradient);

  /// Does what was deferred, in that order, and releases what it held. As in autograd, the
  /// post-accumulate-gradient hook of a parameter is called when all its uses (tied weights have several)
  /// have been added. To be called where and on the stream that forward ran on, after backward; not while
  /// another thread writes the same gradients.
  void run();

  size_t size() const;         ///< how many parts there are to do
  int64_t bytes_held() const;  ///< memory of the distinct storages that they hold, parameters left out

 private:
  struct Part {
    std::vector<at::Tensor> parameters;
    std::vector<at::Tensor> held;
    WeightHalf compute;
  };

  const When when_;
  mutable std::mutex mutex_;
  std::deque<Part> parts_;
};

/// What a torch::autograd::Function is given in forward and keeps (nn/kept_value.h) to defer in backward.
struct Deferral {
  std::shared_ptr<DeferredGradients> deferred;  ///< nullptr: nothing is put off
  std::vector<at::Tensor> parameters;

  void defer(std::vector<at::Tensor> held, WeightHalf compute) const {
    deferred->defer(parameters, std::move(held), std::move(compute));
  }
};

/// For operations that no function of nn/functional cuts in two: `parameter` itself, or while recording a
/// stand-in whose gradient is computed with that of the inputs, and added to `parameter` by run(). May be
/// undefined.
at::Tensor put_off(const at::Tensor& parameter);

// The following add to parameter.grad without calling hooks. A parameter without a gradient so far gets one
// in its GradientPlace, if it has that.

/// parameter.grad, zeros to begin with. The parameter needs a gradient.
at::Tensor& begun_gradient(const at::Tensor& parameter);

/// parameter.grad += gradient. Without a GradientPlace `gradient` becomes the parameter's, itself where
/// nothing else holds its memory. Does nothing for a parameter that is undefined or needs no gradient.
void accumulate_gradient(const at::Tensor& parameter, const at::Tensor& gradient);

/// parameter.grad += a·b for matrices, straight into a gradient of their type. Products in another type
/// (autocast) are converted. Does nothing where accumulate_gradient does nothing.
void accumulate_product(const at::Tensor& parameter, const at::Tensor& a, const at::Tensor& b);

}  // namespace echelon::nn
