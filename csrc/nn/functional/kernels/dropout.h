// Zeroing values at random.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// Element i of a call has the random word of index `first` + i under `key`: word (i / 64 mod 4) of
/// philox({i / 256 · 64 + i mod 64, 0, 0}, key), so that 64 blocks are computed side by side.
struct DrawnWords {
  uint64_t key;
  uint64_t first;
};

/// y = x where the element's word is at least rate · 2³², divided by 1 − rate, else 0. x and y may be the
/// same.
void dropout(const double* x, double* y, int64_t count, double rate, DrawnWords words);
void dropout(const float* x, float* y, int64_t count, double rate, DrawnWords words);
void dropout(const Bf16* x, Bf16* y, int64_t count, double rate, DrawnWords words);

}  // namespace echelon::nn::kernels
