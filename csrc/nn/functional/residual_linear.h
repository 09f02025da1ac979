// A linear layer that writes to the residual stream: the end of both halves of a transformer block.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// residual + linear(x, weight, bias), in the residual's type. residual: [..., out]; x: [..., in].
at::Tensor residual_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias);

/// residual + linear(gelu(x + x_bias), weight, bias), with GELU by tanh. On the CPU the activated values are
/// not kept for the backward pass but made again with their gradient.
at::Tensor residual_gelu_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& x_bias,
                                const at::Tensor& weight, const at::Tensor& bias);

}  // namespace echelon::nn
