#include "nn/loss.h"

#include <ATen/ATen.h>

#include "nn/functional/cross_entropy.h"

namespace echelon::nn {

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
