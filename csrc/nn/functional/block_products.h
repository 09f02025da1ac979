// Products of matrix blocks small enough for the cache, summed in float32.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn {

/// A right factor as BlockProducts wants it.
template <class T>
struct BlockFactor {
  const T* data;
  int64_t stride;
};

/// T: float or kernels::Bf16. One object a thread. On processors that multiply pairs of bfloat16 numbers
/// (AMX, AVX512-BF16) the right factor has its rows interleaved. Matrices are row-major; a stride is the
/// distance of rows.
template <class T>
class BlockProducts {
 public:
  BlockProducts();
  ~BlockProducts();
  BlockProducts(const BlockProducts&) = delete;
  BlockProducts& operator=(const BlockProducts&) = delete;

  /// from [rows, columns] as a right factor. May lie in `buffer`.
  BlockFactor<T> right(const T* from, int64_t stride, int64_t rows, int64_t columns,
                       std::vector<T>& buffer) const;
  /// The transpose of from [rows, columns] as a right factor, in `buffer`. `columns` is even.
  BlockFactor<T> transposed_right(const T* from, int64_t stride, int64_t rows, int64_t columns,
                                  std::vector<T>& buffer) const;

  /// The part of a right factor from a column on.
  BlockFactor<T> from_column(BlockFactor<T> factor, int64_t column) const {
    return {factor.data + (interleaved_ ? 2 * column : column), factor.stride};
  }
  /// The part of a right factor from a row on, whose number is even.
  BlockFactor<T> from_row(BlockFactor<T> factor, int64_t row) const {
    return {factor.data + row * factor.stride, factor.stride};
  }

  /// out [m, n] = a [m, k] · b [k, n], added to `out` when `add`. With an odd k a column of zeros follows in
  /// `a`.
  void multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_stride, BlockFactor<T> b, float* out,
                int64_t out_stride, bool add) const;

 private:
  bool interleaved_;
};

inline int64_t round_up_to_even(int64_t count) {
  return (count + 1) / 2 * 2;
}

}  // namespace echelon::nn
