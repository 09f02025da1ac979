#include "nn/layers/batch_norm.h"

#include <ATen/ATen.h>

#include "nn/functional/sync_batch_norm.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {

BatchNorm::BatchNorm(const BuildOptions& options, int64_t channels, const BatchNormOptions& norm)
    : weight_(add_parameter(options, "weight", {channels}, norm.weight_init, false)),
      bias_(add_parameter(options, "bias", {channels}, init::zeros(), false)),
      running_mean_(add_buffer("running_mean", at::zeros({channels}, options.tensor), true)),
      running_var_(add_buffer("running_var", at::ones({channels}, options.tensor), true)),
      epsilon_(norm.epsilon),
      momentum_(norm.momentum) {}

at::Tensor BatchNorm::apply(const at::Tensor& input, const Context& context) {
  const at::Tensor weight = put_off(weight_), bias = put_off(bias_);
  // Without running statistics none are updated; evaluation reads them.
  const bool use_running = !context.training || !context.recomputing;
  const at::Tensor mean = use_running ? running_mean_ : at::Tensor();
  const at::Tensor variance = use_running ? running_var_ : at::Tensor();
  if (context.training && context.communicator) {
    return sync_batch_norm(input, weight, bias, mean, variance, momentum_, epsilon_, *context.communicator);
  }
  return at::batch_norm(input, weight, bias, mean, variance, context.training, momentum_, epsilon_,
                        /*cudnn_enabled=*/true);
}

}  // namespace echelon::nn
