// Layer normalisation followed by a linear layer.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// linear(layer_norm(x, norm_weight, norm_bias), weight, bias): [..., width] → [..., out], in the type of
/// products. On the CPU the normalised values are not kept for the backward pass but made again from x, and
/// under autocast they never exist in float32. While recording (nn/weight_gradients.h) the gradients of
/// weight and bias are left for later; those of the norm are computed with that of x and only added later.
at::Tensor norm_linear(const at::Tensor& x, const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                       double epsilon, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace echelon::nn
