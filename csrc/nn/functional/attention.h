// Scaled dot-product attention of all heads, from queries, keys and values as one linear layer makes them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nn/random_source.h"

namespace echelon::nn {

/// qkv: [batch, time, 3·width], each third [head, size] within. Returns softmax(Q Kᵀ / √size) V as [batch,
/// time, width]. With `causal` a position sees itself and those before it. `dropout` of the probabilities
/// draws from `random` (nn/functional/dropout.h).
///
/// document_starts: int64 [batch, time], or undefined: for each position where its document begins, rising
/// and not after it; then a position sees only its own document.
///
/// On the CPU, in float32 and bfloat16 and without dropout, the scores exist for a block of queries at a time
/// and are computed again in the backward pass, which keeps a number per query and head, as in FlashAttention
/// (Dao et al., 2205.14135); key blocks that causality or documents hide are skipped. On the meta device the
/// same is kept, as on GPUs, and nothing computed. Else LibTorch's operation is used.
///
/// Profilers see "echelon::attention" and "echelon::attention_backward", with inputs (qkv, heads, causal),
/// where it is not LibTorch's.
at::Tensor attention(const at::Tensor& qkv, int64_t heads, bool causal,
                     const at::Tensor& document_starts = {}, double dropout = 0.0,
                     const RandomSource& random = {});

}  // namespace echelon::nn
