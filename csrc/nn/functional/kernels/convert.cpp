#include "nn/functional/kernels/convert.h"

namespace echelon::nn::kernels {

ECHELON_VECTORIZED void widen(const Bf16* from, float* to, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] = load(from[i]);
}

ECHELON_VECTORIZED void narrow(const float* from, Bf16* to, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) store(to[i], from[i]);
}

}  // namespace echelon::nn::kernels
