// Which number types the fused operations on the CPU compute in.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn {

/// The type of matrix products on `input`: what autocast (nn/autocast.h) asks for, else the input's own.
at::ScalarType product_type(const at::Tensor& input);

/// True when the fused operations handle `input` on the CPU with products in `product`: float64, float32, or
/// float32 with products in bfloat16.
bool fusible(const at::Tensor& input, at::ScalarType product);

/// Calls f with null pointers of the types of the element-wise computation (W) and of products (T).
template <class F>
void with_types(at::ScalarType product, const F& f) {
  if (product == at::kDouble) {
    f(static_cast<double*>(nullptr), static_cast<double*>(nullptr));
  } else if (product == at::kFloat) {
    f(static_cast<float*>(nullptr), static_cast<float*>(nullptr));
  } else {
    f(static_cast<float*>(nullptr), static_cast<kernels::Bf16*>(nullptr));
  }
}

template <class T>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

}  // namespace echelon::nn
