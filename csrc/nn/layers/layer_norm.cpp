#include "nn/layers/layer_norm.h"

#include <ATen/ATen.h>

#include "nn/weight_gradients.h"

namespace echelon::nn {

LayerNorm::LayerNorm(const BuildOptions& options, int64_t width, double epsilon)
    : weight_(add_parameter(options, "weight", {width}, init::ones(), false)),
      bias_(add_parameter(options, "bias", {width}, init::zeros(), false)),
      epsilon_(epsilon) {}

at::Tensor LayerNorm::apply(const at::Tensor& input, const Context&) {
  return at::layer_norm(input, weight_.sizes(), put_off(weight_), put_off(bias_), epsilon_);
}

}  // namespace echelon::nn
