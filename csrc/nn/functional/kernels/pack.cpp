#include "nn/functional/kernels/pack.h"

#include <cstring>

namespace echelon::nn::kernels {
namespace {

constexpr int64_t kTile = 16;  // rows that are read side by side, so that writes fill cache lines

template <class U>
ECHELON_INLINE void transpose_of(const U* from, int64_t stride, int64_t rows, int64_t columns, U* to,
                                 int64_t to_stride) {
  int64_t row = 0;
  for (; row + kTile <= rows; row += kTile) {
    for (int64_t column = 0; column < columns; ++column) {
      for (int64_t i = 0; i < kTile; ++i)
        to[column * to_stride + row + i] = from[(row + i) * stride + column];
    }
  }
  for (; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column)
      to[column * to_stride + row] = from[row * stride + column];
  }
}

struct Pair {
  Bf16 first, second;
};

}  // namespace

ECHELON_VECTORIZED void transpose(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to,
                                  int64_t to_stride) {
  transpose_of(from, stride, rows, columns, to, to_stride);
}
ECHELON_VECTORIZED void transpose(const Bf16* from, int64_t stride, int64_t rows, int64_t columns, Bf16* to,
                                  int64_t to_stride) {
  transpose_of(from, stride, rows, columns, to, to_stride);
}

ECHELON_VECTORIZED void interleave_rows(const Bf16* from, int64_t stride, int64_t rows, int64_t columns,
                                        Bf16* to) {
  for (int64_t row = 0; row < rows; row += 2) {
    const Bf16* first = from + row * stride;
    Bf16* pairs = to + row * columns;
    if (row + 1 == rows) {
      for (int64_t i = 0; i < columns; ++i) pairs[2 * i] = first[i], pairs[2 * i + 1] = Bf16{};
    } else {
      const Bf16* second = first + stride;
#pragma omp simd
      for (int64_t i = 0; i < columns; ++i) {
        pairs[2 * i].bits = first[i].bits;
        pairs[2 * i + 1].bits = second[i].bits;
      }
    }
  }
}

ECHELON_VECTORIZED void interleave_columns(const Bf16* from, int64_t stride, int64_t rows, int64_t columns,
                                           Bf16* to) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; column += 2) {
      std::memcpy(to + column * rows + 2 * row, from + row * stride + column, sizeof(Pair));
    }
  }
}

}  // namespace echelon::nn::kernels
