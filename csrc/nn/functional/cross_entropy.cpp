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

/// The largest logit and the logarithm of the sum are kept apart: their sum would lose digits of the smaller.
struct Normaliser {
  at::Tensor largest, log_sum;  // [rows, 1]
};

Normaliser normaliser(const at::Tensor& logits, at::Tensor& shifted) {
  const at::Tensor largest = logits.amax({1}, /*keepdim=*/true);
  shifted = at::sub(logits.to(wide_type(logits)), largest);
  return {largest, shifted.exp().sum({1}, /*keepdim=*/true).log_()};
}

at::Tensor softmax(const at::Tensor& logits, const at::Tensor& largest, const at::Tensor& log_sum) {
  return at::sub(logits.to(log_sum.scalar_type()), largest).sub_(log_sum).exp_();
}

struct CrossEntropy : torch::autograd::Function<CrossEntropy> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits, const at::Tensor& targets,
                            double label_smoothing, bool some_ignored) {
    // 1 for the rows that count, 0 for the others, whose targets become some class.
    const at::Tensor counts = some_ignored ? targets.ge(0).to(wide_type(logits)).unsqueeze(1) : at::Tensor();
    const at::Tensor classes = (some_ignored ? targets.clamp_min(0) : targets).unsqueeze(1);
    at::Tensor shifted;
    const auto [largest, log_sum] = normaliser(logits, shifted);
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
    at::Tensor gradient = softmax(logits, largest, log_sum);
    if (label_smoothing > 0) gradient.sub_(label_smoothing / logits.size(1));
    const at::Tensor hit =
        at::full({1, 1}, label_smoothing - 1, gradient.options()).expand({classes.size(0), 1});
    gradient.scatter_add_(1, classes, hit).mul_(counts.defined() ? gradients[0] * counts : gradients[0]);
    return {gradient.to(logits.scalar_type()), {}, {}, {}};
  }
};

struct SoftCrossEntropy : torch::autograd::Function<SoftCrossEntropy> {
  static at::Tensor smoothed(const at::Tensor& probabilities, at::ScalarType type, double label_smoothing) {
    const at::Tensor wide = probabilities.to(type);
    if (label_smoothing == 0) return wide;
    return at::mul(wide, 1 - label_smoothing).add_(label_smoothing / static_cast<double>(wide.size(1)));
  }

  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits, const at::Tensor& probabilities,
                            double label_smoothing) {
    const at::Tensor target = smoothed(probabilities, wide_type(logits), label_smoothing);
    at::Tensor shifted;
    const auto [largest, log_sum] = normaliser(logits, shifted);
    // Rounded probabilities do not add up to exactly 1.
    const at::Tensor loss = at::sub(log_sum, shifted).mul_(target).sum();
    ctx->save_for_backward({logits, probabilities, largest, log_sum});
    ctx->saved_data["label_smoothing"] = label_smoothing;
    return loss;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &logits = saved[0], &probabilities = saved[1], &largest = saved[2], &log_sum = saved[3];
    const double label_smoothing = ctx->saved_data["label_smoothing"].toDouble();
    const at::Tensor target = smoothed(probabilities, log_sum.scalar_type(), label_smoothing);
    at::Tensor gradient = softmax(logits, largest, log_sum).mul_(target.sum({1}, /*keepdim=*/true));
    gradient.sub_(target).mul_(gradients[0]);
    return {gradient.to(logits.scalar_type()), {}, {}};
  }
};

}  // namespace

at::Tensor soft_cross_entropy_sum(const at::Tensor& logits, const at::Tensor& probabilities,
                                  double label_smoothing) {
  return SoftCrossEntropy::apply(logits, probabilities, label_smoothing);
}

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing,
                             bool some_ignored) {
  return CrossEntropy::apply(logits, targets, label_smoothing, some_ignored);
}

}  // namespace echelon::nn
