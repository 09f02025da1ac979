#include "nn/functional/kernels/attend.h"

namespace echelon::nn::kernels {
namespace {

template <class T, class W = wide_t<T>>
ECHELON_INLINE void attend_to(const T* query, const T* keys, const T* values, int64_t count, int64_t size,
                              W scale, W* work, T* out) {
  W* const scores = work;
  W* const mixed = work + count;
  W largest = -INFINITY;
  for (int64_t j = 0; j < count; ++j) {
    const T* key = keys + j * size;
    W sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < size; ++d) sum += load(query[d]) * load(key[d]);
    scores[j] = scale * sum;
    largest = scores[j] > largest ? scores[j] : largest;
  }
  W total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < count; ++j) {
    scores[j] = exponential(scores[j] - largest);
    total += scores[j];
  }
  for (int64_t d = 0; d < size; ++d) mixed[d] = 0;
  for (int64_t j = 0; j < count; ++j) {
    const T* value = values + j * size;
    const W probability = scores[j];
#pragma omp simd
    for (int64_t d = 0; d < size; ++d) mixed[d] += probability * load(value[d]);
  }
  for (int64_t d = 0; d < size; ++d) store(out[d], mixed[d] / total);
}

}  // namespace

ECHELON_VECTORIZED void attend(const double* query, const double* keys, const double* values, int64_t count,
                               int64_t size, double scale, double* work, double* out) {
  attend_to(query, keys, values, count, size, scale, work, out);
}
ECHELON_VECTORIZED void attend(const float* query, const float* keys, const float* values, int64_t count,
                               int64_t size, float scale, float* work, float* out) {
  attend_to(query, keys, values, count, size, scale, work, out);
}
ECHELON_VECTORIZED void attend(const Bf16* query, const Bf16* keys, const Bf16* values, int64_t count,
                               int64_t size, float scale, float* work, Bf16* out) {
  attend_to(query, keys, values, count, size, scale, work, out);
}

}  // namespace echelon::nn::kernels
