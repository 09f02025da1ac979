// Linear layers whose weight gradients can be put off.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// x Wᵀ + bias: [..., in] → [..., out]. at::linear; while recording (nn/weight_gradients.h) the same with the
/// gradients of weight [out, in] and bias [out], which may be undefined, left for later.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace echelon::nn
