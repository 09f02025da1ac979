// Layouts of matrices for block products. Matrices are row-major; `stride` is the distance of rows.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// to[column · rows + row] = from[row · stride + column].
void transpose(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to,
               int64_t to_stride);
void transpose(const Bf16* from, int64_t stride, int64_t rows, int64_t columns, Bf16* to, int64_t to_stride);

/// Pairs of rows interleaved, as AMX and AVX512-BF16 multiply them: to[row / 2][column][row % 2]. An odd last
/// row is followed by zeros.
void interleave_rows(const Bf16* from, int64_t stride, int64_t rows, int64_t columns, Bf16* to);

/// interleave_rows of the transposed matrix. `columns` is even.
void interleave_columns(const Bf16* from, int64_t stride, int64_t rows, int64_t columns, Bf16* to);

}  // namespace echelon::nn::kernels
