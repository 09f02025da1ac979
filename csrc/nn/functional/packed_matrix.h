// Matrices as MKL's products keep them inside.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>

#include <cstddef>
#include <cstdint>

namespace echelon::nn {

/// A right factor in the layout that MKL's float32 product works on (cblas_sgemm_pack), for many products
/// with left factors of one height: each is spared the rearranging. It takes about as much memory again as
/// the matrix.
class PackedMatrix {
 public:
  /// Whether this LibTorch has MKL, and `matrix` is of a kind that can be packed.
  static bool possible(const at::Tensor& matrix);

  /// Packs `matrix`, or its transpose, for left factors of `rows` rows; into the same memory as before if it
  /// has room.
  void pack(const at::Tensor& matrix, bool transposed, int64_t rows);

  /// Of the left factors; 0 before pack().
  int64_t rows() const { return rows_; }
  /// out = left · matrix, added to `out` when `add`. Both are contiguous float32 matrices of rows() rows.
  void multiply(const at::Tensor& left, const at::Tensor& out, bool add) const;

 private:
  int64_t rows_ = 0, inner_ = 0, columns_ = 0;
  size_t bytes_ = 0;
  at::DataPtr packed_;
};

}  // namespace echelon::nn
