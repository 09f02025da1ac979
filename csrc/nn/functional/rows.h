// Loops over the rows of a matrix, in chunks that do not depend on the number of threads: so neither do sums
// over rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nn/functional/parallel.h"

namespace echelon::nn {

constexpr int64_t kRowsAtOnce = 64;

inline int64_t chunk_count(int64_t rows) {
  return (rows + kRowsAtOnce - 1) / kRowsAtOnce;
}

/// Calls body(row, chunk) for every row, in parallel over chunks.
template <class F>
void for_each_row(int64_t rows, const F& body) {
  parallel_for(chunk_count(rows), 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin * kRowsAtOnce; row < std::min(end * kRowsAtOnce, rows); ++row)
      body(row, row / kRowsAtOnce);
  });
}

/// [..., width] as [rows, width].
inline at::Tensor as_rows(const at::Tensor& tensor) {
  return tensor.reshape({-1, tensor.size(-1)});
}

/// `sizes` with `width` as the last.
inline std::vector<int64_t> with_last(at::IntArrayRef sizes, int64_t width) {
  std::vector<int64_t> changed = sizes.vec();
  changed.back() = width;
  return changed;
}

/// The sum over rows of [rows, width]: [width], float32 for bfloat16 rows.
at::Tensor column_sum(const at::Tensor& rows);

}  // namespace echelon::nn
