// Two-dimensional convolutions whose weight gradients can be put off.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace echelon::nn {

/// [batch, in, height, width] → [batch, out, height', width']. at::conv2d; while recording
/// (nn/weight_gradients.h) the same with the gradients of weight [out, in, kernel, kernel] and bias [out],
/// which may be undefined, left for later.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride,
                  int64_t padding);

}  // namespace echelon::nn
