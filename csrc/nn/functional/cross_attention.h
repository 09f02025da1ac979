// Scaled dot-product attention of one sequence over another.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nn/random_source.h"

namespace echelon::nn {

/// query: [batch, time, width]; key_value: [batch, source, 2·width], each half [head, size] within, as is
/// width. Returns softmax(Q Kᵀ / √size) V as [batch, time, width]. `dropout` of the probabilities draws from
/// `random` (nn/functional/dropout.h).
///
/// source_starts: int64 [batch, source], or undefined: a position whose value is not 0 is padding, which no
/// query sees. The first never is.
///
/// On the meta device the scores are kept for the backward pass: more than what GPUs keep.
at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value, int64_t heads,
                           const at::Tensor& source_starts, double dropout, const RandomSource& random);

}  // namespace echelon::nn
