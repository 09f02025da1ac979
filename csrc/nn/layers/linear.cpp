#include "nn/layers/linear.h"

#include "nn/functional/linear.h"

namespace echelon::nn {

Linear::Linear(const BuildOptions& options, int64_t in, int64_t out, const LinearOptions& linear)
    : weight_(add_parameter(options, "weight", {out, in}, linear.weight_init, true)) {
  if (linear.bias) bias_ = add_parameter(options, "bias", {out}, linear.bias_init, false);
}

at::Tensor Linear::apply(const at::Tensor& input, const Context&) {
  return nn::linear(input, weight_, bias_);
}

}  // namespace echelon::nn
