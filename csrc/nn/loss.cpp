#include "nn/loss.h"

#include <ATen/ATen.h>

#include "nn/functional/cross_entropy.h"

namespace echelon::nn {

at::Tensor loss_sum(const at::Tensor& outputs, const at::Tensor& targets, const LossOptions& options,
                    bool some_ignored) {
  return options.kind == LossKind::kCrossEntropy
             ? cross_entropy(outputs, targets, options.label_smoothing, some_ignored)
             : number_loss(outputs, targets, options);
}

at::Tensor number_loss(const at::Tensor& predictions, const at::Tensor& targets, const LossOptions& options) {
  const at::Tensor values = predictions.reshape({-1}).to(targets.scalar_type());
  return options.kind == LossKind::kHuber
             ? at::huber_loss(values, targets, at::Reduction::Sum, options.huber_delta)
             : at::mse_loss(values, targets, at::Reduction::Sum);
}

at::Tensor number_sums(const at::Tensor& predictions, const at::Tensor& targets, double centre) {
  const at::Tensor wanted = targets.to(at::kDouble);
  const at::Tensor errors = predictions.detach().reshape({-1}).to(at::kDouble) - wanted;
  const at::Tensor distances = wanted - centre;
  return at::stack({errors.square().sum(), errors.abs().sum(), distances.sum(), distances.square().sum(),
                    at::full_like(errors.sum(), static_cast<double>(targets.numel()))});
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing,
                         bool some_ignored) {
  if (targets.is_floating_point()) {
    return soft_cross_entropy_sum(logits.reshape({-1, logits.size(-1)}),
                                  targets.reshape({-1, logits.size(-1)}), label_smoothing);
  }
  return cross_entropy_sum(logits.reshape({-1, logits.size(-1)}), targets.reshape({-1}), label_smoothing,
                           some_ignored);
}

CorrectCounts count_correct(const at::Tensor& logits, const at::Tensor& targets, bool some_ignored) {
  const at::Tensor scores = logits.detach().reshape({-1, logits.size(-1)});
  const at::Tensor column = targets.reshape({-1, 1}), classes = some_ignored ? column.clamp_min(0) : column;
  const at::Tensor target_scores = scores.gather(1, classes);
  // The number of classes before the target is its place; no sorting. Of equal scores the lower class comes
  // first. A target whose score is not a number is never correct.
  const at::Tensor equal_before =
      scores.eq(target_scores).logical_and_(at::arange(scores.size(1), targets.options()).lt(classes));
  at::Tensor place = scores.le(target_scores).logical_not_().logical_or_(equal_before).sum(1);
  if (some_ignored) place.masked_fill_(column.squeeze(1).lt(0), scores.size(1) + 5);
  return {place.eq(0).sum(), place.lt(5).sum()};
}

}  // namespace echelon::nn
