#include "train/nan_guard.h"

#include "comm/text_exchange.h"

namespace echelon::train {
namespace {

/// What this rank found: lower `order` is earlier in the computation.
struct Finding {
  int64_t order = INT64_MAX;
  std::string text;
};

bool all_finite(const at::Tensor& tensor) {
  if (!tensor.is_floating_point()) return true;
  return at::isfinite(tensor.detach()).all().item<bool>();
}

void look_at_outputs(Finding& finding, const nn::ModelSpec& spec, int64_t micro_batch, size_t layer,
                     at::TensorList outputs) {
  if (static_cast<int64_t>(layer) >= finding.order) return;
  for (const at::Tensor& output : outputs) {
    if (all_finite(output)) continue;
    finding = {static_cast<int64_t>(layer),
               str_format("the output of layer {} is not finite (micro-batch {})", spec.layers[layer].name,
                          micro_batch)};
  }
}

/// Backward comes to the last layer first.
void look_at_gradients(Finding& finding, const nn::ModelSpec& spec,
                       const parallel::ModelGradients& gradients) {
  const auto all = gradients.local();
  const auto layers = static_cast<int64_t>(spec.layers.size());
  for (auto named = all.rbegin(); named != all.rend(); ++named) {
    const int64_t order = 2 * layers - static_cast<int64_t>(named->parameter->layer);
    if (order >= finding.order || all_finite(named->gradient)) continue;
    finding = {order, str_format("the gradient of {} is not finite", named->parameter->name)};
  }
}

Finding search_this_rank(TrainingStep& training_step, const nn::ModelSpec& spec,
                         parallel::ModelGradients& gradients, data::TrainLoader* loader, int64_t step) {
  Finding finding;
  training_step.repeat_alone(loader, step, [&](int64_t micro_batch, size_t layer, at::TensorList outputs) {
    look_at_outputs(finding, spec, micro_batch, layer, outputs);
  });
  if (finding.text.empty()) look_at_gradients(finding, spec, gradients);
  return finding;
}

/// Of the ranks' findings the earliest, of the lowest rank that has it.
std::string earliest_of_all(const Finding& finding, Communicator& comm, int64_t step) {
  at::Tensor order = at::tensor({finding.order}, at::kLong);
  comm.all_reduce(order, Reduce::kMin, "not-a-number search")->wait();
  if (order.item<int64_t>() == INT64_MAX) {
    return str_format("step {}: the sum over the ranks is not finite, though every rank's own gradients are",
                      step);
  }
  at::Tensor rank =
      at::tensor({finding.order == order.item<int64_t>() ? comm.rank() : comm.size()}, at::kLong);
  comm.all_reduce(rank, Reduce::kMin, "not-a-number search")->wait();
  const auto owner = static_cast<int>(rank.item<int64_t>());
  return str_format("step {}, rank {}: {}", step, owner, broadcast_text(comm, finding.text, owner));
}

}  // namespace

std::string locate_not_finite(TrainingStep& training_step, const nn::ModelSpec& spec,
                              parallel::ModelGradients& gradients, data::TrainLoader* loader,
                              Communicator& comm, int64_t step) {
  return earliest_of_all(search_this_rank(training_step, spec, gradients, loader, step), comm, step);
}

}  // namespace echelon::train
