// Losses and metrics as sums, so that the caller divides by the count over all ranks and micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace echelon::nn {

enum class LossKind {
  kCrossEntropy,
  kSquaredError,  ///< (prediction − target)²
  kHuber,  ///< Huber (1964): d² / 2 up to |d| = δ, δ (|d| − δ / 2) beyond, of d = prediction − target
};

struct LossOptions {
  LossKind kind = LossKind::kCrossEntropy;
  double label_smoothing = 0;  ///< of kCrossEntropy
  double huber_delta = 1;      ///< of kHuber
};

/// Sum over the targets of what the options say, 0-dimensional, differentiable, at least float32.
/// `some_ignored` is for cross_entropy().
at::Tensor loss_sum(const at::Tensor& outputs, const at::Tensor& targets, const LossOptions& options,
                    bool some_ignored = false);

/// Sum of −log softmax(logits)[target], 0-dimensional, differentiable, at least float32. logits: [...,
/// classes]; targets: int64 [...], each below `classes`; where `some_ignored` negative ones have no part in
/// losses and metrics, else there are none. With label smoothing ε the target distribution is (1 − ε)·one-hot
/// + ε / classes (Szegedy et al., 1512.00567, section 7).
///
/// Real-valued targets [..., classes] are such distributions themselves, in place of one-hot: the sum of
/// −Σ target · log softmax(logits) over the classes, smoothed alike, as torch.nn.functional.cross_entropy
/// defines it. None is ignored.
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing = 0.0,
                         bool some_ignored = false);

/// How many targets are among the most probable classes. 0-dimensional int64 tensors on the device of the
/// logits, so that asking does not wait for it. With fewer than five classes top5 counts all.
struct CorrectCounts {
  at::Tensor top1;
  at::Tensor top5;
};
CorrectCounts count_correct(const at::Tensor& logits, const at::Tensor& targets, bool some_ignored = false);

/// Sums over predictions of numbers: the loss for targets real [batch] from outputs [batch, 1].
at::Tensor number_loss(const at::Tensor& predictions, const at::Tensor& targets, const LossOptions& options);

/// What the metrics of predicted numbers are made of; float64 [5] on the device of the predictions: sums of
/// squared errors, of absolute errors, of the targets less `centre`, and of the squares of those; last, how
/// many targets there are.
at::Tensor number_sums(const at::Tensor& predictions, const at::Tensor& targets, double centre);

}  // namespace echelon::nn
