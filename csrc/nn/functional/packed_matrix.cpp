#include "nn/functional/packed_matrix.h"

#include <c10/core/CPUAllocator.h>

#include "nn/functional/types.h"

// Of oneMKL's C interface (mkl_cblas.h), which LibTorch's builds for x86 contain and export; null in others.
extern "C" {
[[gnu::weak]] size_t cblas_sgemm_pack_get_size(int identifier, int m, int n, int k);
[[gnu::weak]] void cblas_sgemm_pack(int layout, int identifier, int transpose, int m, int n, int k,
                                    float alpha, const float* from, int from_stride, float* to);
[[gnu::weak]] void cblas_sgemm_compute(int layout, int transpose_a, int transpose_b, int m, int n, int k,
                                       const float* a, int a_stride, const float* b, int b_stride, float beta,
                                       float* c, int c_stride);
}

namespace echelon::nn {
namespace {

constexpr int kRowMajor = 101, kAsItIs = 111, kTransposed = 112, kPacked = 151, kRightFactor = 162;

}  // namespace

bool PackedMatrix::possible(const at::Tensor& matrix) {
  return cblas_sgemm_pack != nullptr && cblas_sgemm_compute != nullptr &&
         cblas_sgemm_pack_get_size != nullptr && matrix.is_cpu() && matrix.dim() == 2 &&
         matrix.scalar_type() == at::kFloat && matrix.is_contiguous() && matrix.numel() > 0;
}

void PackedMatrix::pack(const at::Tensor& matrix, bool transposed, int64_t rows) {
  rows_ = rows;
  inner_ = matrix.size(transposed ? 1 : 0);
  columns_ = matrix.size(transposed ? 0 : 1);
  const int m = static_cast<int>(rows_), n = static_cast<int>(columns_), k = static_cast<int>(inner_);
  const size_t bytes = cblas_sgemm_pack_get_size(kRightFactor, m, n, k);
  if (bytes > bytes_) {
    packed_ = {};
    packed_ = c10::GetCPUAllocator()->allocate(bytes);
    bytes_ = bytes;
  }
  cblas_sgemm_pack(kRowMajor, kRightFactor, transposed ? kTransposed : kAsItIs, m, n, k, /*alpha=*/1,
                   data<float>(matrix), static_cast<int>(matrix.size(1)), static_cast<float*>(packed_.get()));
}

void PackedMatrix::multiply(const at::Tensor& left, const at::Tensor& out, bool add) const {
  const int m = static_cast<int>(rows_), n = static_cast<int>(columns_), k = static_cast<int>(inner_);
  cblas_sgemm_compute(kRowMajor, kAsItIs, kPacked, m, n, k, data<float>(left), k,
                      static_cast<const float*>(packed_.get()), k, add ? 1.0F : 0.0F, data<float>(out), n);
}

}  // namespace echelon::nn
