// Layer normalisation followed by a linear layer.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// linear(layer_norm(x, norm_weight, norm_bias), weight, bias): [..., width] → [..., out], in the type of
/// products. On the CPU the normalised values are not kept for the backward pass but made again from x, and
/// under autocast they never exist in float32.
at::Tensor norm_linear(const at::Tensor& x, const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                       double epsilon, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace echelon::nn
