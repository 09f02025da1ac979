#include "nn/functional/kernels/residual.h"

namespace echelon::nn::kernels {
namespace {

template <class W>
ECHELON_INLINE void add_bias(const W* x, const W* bias, W* out, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) out[i] = x[i] + bias[i];
}

template <class W, class T>
ECHELON_INLINE void add(const W* x, const T* y, const W* bias, W* out, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) out[i] = x[i] + load(y[i]) + bias[i];
}

template <class W, class T>
ECHELON_INLINE void accumulate(const T* row, W* sums, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) sums[i] += load(row[i]);
}

}  // namespace

ECHELON_VECTORIZED void add_bias_row(const double* x, const double* bias, double* out, int64_t width) {
  add_bias(x, bias, out, width);
}
ECHELON_VECTORIZED void add_bias_row(const float* x, const float* bias, float* out, int64_t width) {
  add_bias(x, bias, out, width);
}

ECHELON_VECTORIZED void add_row(const double* x, const double* y, const double* bias, double* out,
                                int64_t width) {
  add(x, y, bias, out, width);
}
ECHELON_VECTORIZED void add_row(const float* x, const float* y, const float* bias, float* out,
                                int64_t width) {
  add(x, y, bias, out, width);
}
ECHELON_VECTORIZED void add_row(const float* x, const Bf16* y, const float* bias, float* out, int64_t width) {
  add(x, y, bias, out, width);
}

ECHELON_VECTORIZED void accumulate_row(const double* row, double* sums, int64_t width) {
  accumulate(row, sums, width);
}
ECHELON_VECTORIZED void accumulate_row(const float* row, float* sums, int64_t width) {
  accumulate(row, sums, width);
}
ECHELON_VECTORIZED void accumulate_row(const Bf16* row, float* sums, int64_t width) {
  accumulate(row, sums, width);
}

}  // namespace echelon::nn::kernels
