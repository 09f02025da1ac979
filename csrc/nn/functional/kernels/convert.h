// Between float32 and bfloat16, over arrays.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

void widen(const Bf16* from, float* to, int64_t count);
void narrow(const float* from, Bf16* to, int64_t count);  ///< to nearest, ties to even

/// A row of results in the type of products.
inline void store_row(const float* from, float* to, int64_t count) {
  std::copy_n(from, count, to);
}
inline void store_row(const float* from, Bf16* to, int64_t count) {
  narrow(from, to, count);
}

}  // namespace echelon::nn::kernels
