// The element-wise part of attention. Scores are float32; probabilities and score gradients come in the type
// of the values.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// A row of a query: probabilities[0 … visible) = softmax(scale · scores[0 … visible)), zero up to `count`.
/// Returns the logarithm of the normaliser: probability j is exp(scale · scores[j] − result).
float softmax_row(const float* scores, float* probabilities, int64_t visible, int64_t count, float scale);
float softmax_row(const float* scores, Bf16* probabilities, int64_t visible, int64_t count, float scale);

/// A row of a key, an entry for each query: the probabilities from scores and the queries' log-normalisers,
/// and the gradient of the scores from that of the probabilities and its mean under each query's
/// probabilities. Zero before `first` (queries that do not see the key) and from `queries` to `count`.
void softmax_key_backward(const float* scores, const float* log_normalisers, const float* gradient,
                          const float* mean_gradients, float* probabilities, float* score_gradient,
                          int64_t first, int64_t queries, int64_t count, float scale);
void softmax_key_backward(const float* scores, const float* log_normalisers, const float* gradient,
                          const float* mean_gradients, Bf16* probabilities, Bf16* score_gradient,
                          int64_t first, int64_t queries, int64_t count, float scale);

/// Σ a·b.
float dot(const float* a, const float* b, int64_t count);
float dot(const Bf16* a, const Bf16* b, int64_t count);

}  // namespace echelon::nn::kernels
