// A linear layer that writes to the residual stream: the end of both halves of a transformer block.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// residual + linear(x, weight, bias), in the residual's type. residual: [..., out]; x: [..., in]. While
/// recording (nn/weight_gradients.h) the gradient of weight is left for later; that of bias is computed at
/// once, from the residual's gradient, which need not be kept then, and only added later.
at::Tensor residual_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias);

/// residual + linear(gelu(x + x_bias), weight, bias), with GELU by tanh. On the CPU the activated values are
/// not kept for the backward pass but made again with their gradient. While recording as residual_linear,
/// with the activated values kept from there on, and x_bias as bias.
at::Tensor residual_gelu_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& x_bias,
                                const at::Tensor& weight, const at::Tensor& bias);

}  // namespace echelon::nn
