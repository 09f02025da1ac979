// Attention of a single query.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// out [size] = softmax(scale · K q) V for keys and values [count, size], whose rows lie one after the other.
/// `work`: room for count + size numbers. `count` is at least 1.
void attend(const double* query, const double* keys, const double* values, int64_t count, int64_t size,
            double scale, double* work, double* out);
void attend(const float* query, const float* keys, const float* values, int64_t count, int64_t size,
            float scale, float* work, float* out);
void attend(const Bf16* query, const Bf16* keys, const Bf16* values, int64_t count, int64_t size, float scale,
            float* work, Bf16* out);

}  // namespace echelon::nn::kernels
