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
                            double label_smoothing) {
    const at::Tensor wide = logits.to(wide_type(logits));
    const at::Tensor log_normaliser = at::logsumexp(wide, {1});
    at::Tensor loss =
        (log_normaliser - wide.gather(1, targets.unsqueeze(1)).squeeze(1).mul_(1 - label_smoothing)).sum();
    if (label_smoothing > 0) loss = loss - label_smoothing * wide.sum() / wide.size(1);
    ctx->save_for_backward({logits, targets, log_normaliser});
    ctx->saved_data["label_smoothing"] = label_smoothing;
    return loss;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &logits = saved[0], &targets = saved[1], &log_normaliser = saved[2];
    const double label_smoothing = ctx->saved_data["label_smoothing"].toDouble();
    at::Tensor gradient = at::sub(logits, log_normaliser.unsqueeze(1)).exp_();
    if (label_smoothing > 0) gradient.sub_(label_smoothing / logits.size(1));
    const at::Tensor hit =
        at::full({1, 1}, label_smoothing - 1, gradient.options()).expand({targets.size(0), 1});
    gradient.scatter_add_(1, targets.unsqueeze(1), hit);
    return {gradient.mul_(gradients[0]).to(logits.scalar_type()), {}, {}};
  }
};

}  // namespace

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing) {
  return CrossEntropy::apply(logits, targets, label_smoothing);
}

}  // namespace echelon::nn
