#include "nn/layers/group_norm.h"

#include <ATen/ATen.h>

#include "nn/weight_gradients.h"

namespace echelon::nn {

GroupNorm::GroupNorm(const BuildOptions& options, int64_t groups, int64_t channels,
                     const GroupNormOptions& norm)
    : groups_(groups),
      weight_(add_parameter(options, "weight", {channels}, norm.weight_init, false)),
      bias_(add_parameter(options, "bias", {channels}, init::zeros(), false)),
      epsilon_(norm.epsilon) {}

at::Tensor GroupNorm::apply(const at::Tensor& input, const Context&) {
  return at::group_norm(input, groups_, put_off(weight_), put_off(bias_), epsilon_);
}

}  // namespace echelon::nn
