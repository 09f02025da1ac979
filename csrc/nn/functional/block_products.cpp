#include "nn/functional/block_products.h"

#include <ATen/native/CPUBlas.h>

#include <type_traits>

#include "nn/functional/kernels/pack.h"

namespace echelon::nn {

using kernels::Bf16;
namespace blas = at::native::cpublas;

template <class T>
BlockProducts<T>::BlockProducts()
    : interleaved_(std::is_same_v<T, Bf16> && blas::could_pack(at::kBFloat16)) {}

template <class T>
BlockProducts<T>::~BlockProducts() {
  blas::brgemm_release(interleaved_);
}

template <class T>
BlockFactor<T> BlockProducts<T>::right(const T* from, int64_t stride, int64_t rows, int64_t columns,
                                       std::vector<T>& buffer) const {
  if constexpr (std::is_same_v<T, Bf16>) {
    if (interleaved_) {
      buffer.resize(round_up_to_even(rows) * columns);
      kernels::interleave_rows(from, stride, rows, columns, buffer.data());
      return {buffer.data(), columns};
    }
  }
  return {from, stride};
}

template <class T>
BlockFactor<T> BlockProducts<T>::transposed_right(const T* from, int64_t stride, int64_t rows,
                                                  int64_t columns, std::vector<T>& buffer) const {
  buffer.resize(rows * columns);
  if constexpr (std::is_same_v<T, Bf16>) {
    if (interleaved_) {
      kernels::interleave_columns(from, stride, rows, columns, buffer.data());
      return {buffer.data(), rows};
    }
  }
  kernels::transpose(from, stride, rows, columns, buffer.data(), rows);
  return {buffer.data(), rows};
}

template <class T>
void BlockProducts<T>::multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_stride,
                                BlockFactor<T> b, float* out, int64_t out_stride, bool add) const {
  if constexpr (std::is_same_v<T, Bf16>) {
    blas::brgemm(m, n, interleaved_ ? round_up_to_even(k) : k, a_stride, b.stride, out_stride, add,
                 reinterpret_cast<const at::BFloat16*>(a), reinterpret_cast<const at::BFloat16*>(b.data), out,
                 interleaved_);
  } else {
    blas::brgemm(m, n, k, a_stride, b.stride, out_stride, add, a, b.data, out, /*is_vnni=*/false);
  }
}

template class BlockProducts<float>;
template class BlockProducts<Bf16>;

}  // namespace echelon::nn
