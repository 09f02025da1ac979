// Initial values of parameters: each a function of a key, drawn on the CPU, so that neither the rank, the
// split of the model nor its device changes them.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace echelon::nn {

/// Fills a tensor on the CPU of float32 or float64.
using Initializer = std::function<void(at::Tensor& values, at::Generator generator)>;

/// A tensor of `options` filled by `initializer` with a generator that `key` seeds. Drawn in float64 for
/// float64, else in float32, then converted. On the `meta` device nothing is drawn.
at::Tensor initial_value(at::IntArrayRef shape, const at::TensorOptions& options, uint64_t key,
                         const Initializer& initializer);

namespace init {

/// Values that a weight [out, in, kernel…] reads for one output (kIn), or that one input is written to
/// (kOut).
enum class Fan { kIn, kOut };

Initializer zeros();
Initializer ones();
Initializer normal(double standard_deviation);

/// Normal, with no value beyond `cut` standard deviations (drawn by inverting the distribution function).
Initializer truncated_normal(double standard_deviation, double cut = 2.0);

/// Between -bound and bound.
Initializer uniform(double bound);

/// He et al., "Delving Deep into Rectifiers" (1502.01852): variance 2 / fan, for layers that feed a ReLU.
Initializer kaiming_normal(Fan fan);
Initializer kaiming_uniform(Fan fan);

/// Uniform within 1 / √fan_in, after LeCun et al., "Efficient BackProp" (1998), section 4.6; PyTorch's choice
/// for linear and convolution weights. `fan_in` is given for a bias, which does not know it; 0 takes the
/// weight's own.
Initializer fan_in_uniform(int64_t fan_in = 0);

}  // namespace init
}  // namespace echelon::nn
