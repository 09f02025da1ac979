// Between float32 and bfloat16, over arrays.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

void widen(const Bf16* from, float* to, int64_t count);
void narrow(const float* from, Bf16* to, int64_t count);  ///< to nearest, ties to even

}  // namespace echelon::nn::kernels
