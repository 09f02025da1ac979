// Cross entropy without the log-probabilities of all classes: only one number a row is kept for the backward
// pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace echelon::nn {

/// logits: [rows, classes]; targets: int64 [rows]. The sum over rows, 0-dimensional, at least float32. As
/// cross_entropy() in nn/loss.h.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing,
                             bool some_ignored);

/// The same with the probability of each class as the target: real numbers [rows, classes].
at::Tensor soft_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& probabilities,
                                  double label_smoothing);

}  // namespace echelon::nn
