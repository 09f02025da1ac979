#include "nn/functional/cross_entropy.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

at::ScalarType wide_type(const at::Tensor& logits) {
  return logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

struct CrossEntropy : torch::autograd::Function<CrossEntropy> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits, const at::Tensor& targets,
                            double label_smoothing, bool some_ignored) {
    // 1 for the rows that count, 0 for the others, whose targets become some class.
    const at::Tensor counts = some_ignored ? targets.ge(0).to(wide_type(logits)).unsqueeze(1) : at::Tensor();
    const at::Tensor classes = (some_ignored ? targets.clamp_min(0) : targets).unsqueeze(1);
    // The largest logit and the logarithm of the sum are kept apart: their sum would lose digits of the
    // smaller.
    const at::Tensor largest = logits.amax({1}, /*keepdim=*/true);
    const at::Tensor shifted = at::sub(logits.to(wide_type(logits)), largest);
    const at::Tensor log_sum = shifted.exp().sum({1}, /*keepdim=*/true).log_();
    at::Tensor loss = log_sum - shifted.gather(1, classes).mul_(1 - label_smoothing);
    if (label_smoothing > 0) loss.sub_(shifted.mean({1}, /*keepdim=*/true), label_smoothing);
    if (some_ignored) loss.mul_(counts);
    ctx->save_for_backward({logits, classes, largest, log_sum, counts});
    ctx->saved_data["label_smoothing"] = label_smoothing;
    return loss.sum();
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &logits = saved[0], &classes = saved[1], &largest = saved[2], &log_sum = saved[3],
                     &counts = saved[4];
    const double label_smoothing = ctx->saved_data["label_smoothing"].toDouble();
    at::Tensor gradient = at::sub(logits.to(log_sum.scalar_type()), largest).sub_(log_sum).exp_();
    if (label_smoothing > 0) gradient.sub_(label_smoothing / logits.size(1));
    const at::Tensor hit =
        at::full({1, 1}, label_smoothing - 1, gradient.options()).expand({classes.size(0), 1});
    gradient.scatter_add_(1, classes, hit).mul_(counts.defined() ? gradients[0] * counts : gradients[0]);
    return {gradient.to(logits.scalar_type()), {}, {}, {}};
  }
};

}  // namespace

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing,
                             bool some_ignored) {
  return CrossEntropy::apply(logits, targets, label_smoothing, some_ignored);
}

}  // namespace echelon::nn
