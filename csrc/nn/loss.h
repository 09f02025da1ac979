// Losses and metrics as sums, so that the caller divides by the count over all ranks and micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace echelon::nn {

struct LossSum {
  at::Tensor sum;     ///< 0-dimensional, differentiable, at least float32
  int64_t count = 0;  ///< targets summed over
};

/// Sum of −log softmax(logits)[target]. logits: [..., classes]; targets: int64 [...], each below `classes`
/// and not negative. With label smoothing ε the target distribution is (1 − ε)·one-hot + ε / classes (Szegedy
/// et al., 1512.00567, section 7).
LossSum cross_entropy(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing = 0.0);

/// How many targets are among the most probable classes. 0-dimensional int64 tensors on the device of the
/// logits, so that asking does not wait for it. With fewer than five classes top5 counts all.
struct CorrectCounts {
  at::Tensor top1;
  at::Tensor top5;
};
CorrectCounts count_correct(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace echelon::nn
