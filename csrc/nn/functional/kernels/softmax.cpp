#include "nn/functional/kernels/softmax.h"

#include <algorithm>

namespace echelon::nn::kernels {
namespace {

template <class T>
ECHELON_INLINE float forward(const float* scores, T* probabilities, int64_t visible, int64_t count,
                             float scale) {
  float largest = scores[0];
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < visible; ++i) largest = scores[i] > largest ? scores[i] : largest;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < visible; ++i) sum += exponential(scale * (scores[i] - largest));
  const float log_normaliser = scale * largest + std::log(sum);
#pragma omp simd
  for (int64_t i = 0; i < visible; ++i)
    store(probabilities[i], exponential(scale * scores[i] - log_normaliser));
  for (int64_t i = visible; i < count; ++i) store(probabilities[i], 0.f);
  return log_normaliser;
}

template <class T>
ECHELON_INLINE void backward(const float* scores, const float* log_normalisers, const float* gradient,
                             const float* mean_gradients, T* probabilities, T* score_gradient, int64_t first,
                             int64_t queries, int64_t count, float scale) {
  std::fill_n(probabilities, std::min(first, count), T{});
  std::fill_n(score_gradient, std::min(first, count), T{});
#pragma omp simd
  for (int64_t i = first; i < queries; ++i) {
    const float p = exponential(scale * scores[i] - log_normalisers[i]);
    store(probabilities[i], p);
    store(score_gradient[i], scale * p * (gradient[i] - mean_gradients[i]));
  }
  for (int64_t i = std::max(first, queries); i < count; ++i) probabilities[i] = score_gradient[i] = T{};
}

template <class T>
ECHELON_INLINE float sum_of_products(const T* a, const T* b, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += load(a[i]) * load(b[i]);
  return sum;
}

}  // namespace

ECHELON_VECTORIZED float softmax_row(const float* scores, float* probabilities, int64_t visible,
                                     int64_t count, float scale) {
  return forward(scores, probabilities, visible, count, scale);
}
ECHELON_VECTORIZED float softmax_row(const float* scores, Bf16* probabilities, int64_t visible, int64_t count,
                                     float scale) {
  return forward(scores, probabilities, visible, count, scale);
}

ECHELON_VECTORIZED void softmax_key_backward(const float* scores, const float* log_normalisers,
                                             const float* gradient, const float* mean_gradients,
                                             float* probabilities, float* score_gradient, int64_t first,
                                             int64_t queries, int64_t count, float scale) {
  backward(scores, log_normalisers, gradient, mean_gradients, probabilities, score_gradient, first, queries,
           count, scale);
}
ECHELON_VECTORIZED void softmax_key_backward(const float* scores, const float* log_normalisers,
                                             const float* gradient, const float* mean_gradients,
                                             Bf16* probabilities, Bf16* score_gradient, int64_t first,
                                             int64_t queries, int64_t count, float scale) {
  backward(scores, log_normalisers, gradient, mean_gradients, probabilities, score_gradient, first, queries,
           count, scale);
}

ECHELON_VECTORIZED float dot(const float* a, const float* b, int64_t count) {
  return sum_of_products(a, b, count);
}
ECHELON_VECTORIZED float dot(const Bf16* a, const Bf16* b, int64_t count) {
  return sum_of_products(a, b, count);
}

}  // namespace echelon::nn::kernels
