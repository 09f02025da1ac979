#include "nn/functional/sync_batch_norm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

std::vector<int64_t> all_but_channel(const at::Tensor& input) {
  std::vector<int64_t> dimensions{0};
  for (int64_t i = 2; i < input.dim(); ++i) dimensions.push_back(i);
  return dimensions;
}

/// [channel] as [1, channel, 1, ...], to go with `input`.
at::Tensor per_channel(const at::Tensor& values, const at::Tensor& input) {
  std::vector<int64_t> shape(input.dim(), 1);
  shape[1] = values.numel();
  return values.view(shape);
}

struct Statistics {
  at::Tensor mean;      // [channel], float64
  at::Tensor variance;  // [channel], float64, biased
  at::Tensor count;     // [1], float64
};

/// Chan et al., "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979): no
/// cancellation, unlike with sums of squares.
Statistics statistics_of_all(const at::Tensor& input, Communicator& communicator) {
  const int64_t channels = input.size(1);
  const auto [variance, mean] =
      at::var_mean(input, all_but_channel(input), std::optional<at::Scalar>(0), /*keepdim=*/false);
  const double count = static_cast<double>(input.numel()) / static_cast<double>(channels);
  const auto wide = input.options().dtype(at::kDouble);
  const at::Tensor mine =
      at::cat({mean.to(at::kDouble), variance.to(at::kDouble), at::full({1}, count, wide)});
  const at::Tensor all = at::empty({communicator.size(), 2 * channels + 1}, wide);
  communicator.all_gather(all, mine, "batch norm statistics")->wait();

  const at::Tensor means = all.narrow(1, 0, channels);
  const at::Tensor variances = all.narrow(1, channels, channels);
  const at::Tensor counts = all.narrow(1, 2 * channels, 1);
  const at::Tensor total = counts.sum(0);
  const at::Tensor overall = (counts * means).sum(0) / total;
  const at::Tensor squares = (counts * (variances + (means - overall).square())).sum(0);
  return {overall, squares / total, total};
}

struct RunningStatistics {
  at::Tensor mean, variance;  // [channel], undefined when there is nothing to update
  double momentum;

  void update(const Statistics& batch) const {
    const at::Tensor unbiased = batch.variance * (batch.count / (batch.count - 1).clamp_min(1));
    mean.mul_(1 - momentum).add_(batch.mean.to(mean.scalar_type()), momentum);
    variance.mul_(1 - momentum).add_(unbiased.to(variance.scalar_type()), momentum);
  }
};

struct SyncBatchNorm : torch::autograd::Function<SyncBatchNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias, const RunningStatistics& running, double epsilon,
                            int64_t communicator) {
    const Statistics batch = statistics_of_all(input, *reinterpret_cast<Communicator*>(communicator));
    if (running.mean.defined()) running.update(batch);

    const at::Tensor mean = batch.mean.to(weight.scalar_type());
    const at::Tensor inverse_std = (batch.variance + epsilon).rsqrt().to(weight.scalar_type());
    const at::Tensor scale = weight * inverse_std;
    const at::Tensor shift = bias - mean * scale;
    ctx->save_for_backward({input, weight, mean, inverse_std, batch.count.to(weight.scalar_type())});
    ctx->saved_data["communicator"] = communicator;
    return at::addcmul(per_channel(shift, input), input, per_channel(scale, input)).to(input.scalar_type());
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1], &mean = saved[2], &inverse_std = saved[3];
    auto& communicator = *reinterpret_cast<Communicator*>(ctx->saved_data["communicator"].toInt());
    const at::Tensor gradient = gradients[0].to(weight.scalar_type());
    const at::Tensor normalised = (input - per_channel(mean, input)) * per_channel(inverse_std, input);
    const auto over = all_but_channel(input);
    const at::Tensor bias_gradient = gradient.sum(over);
    const at::Tensor weight_gradient = (gradient * normalised).sum(over);

    at::Tensor totals = at::stack({bias_gradient, weight_gradient});
    communicator.all_reduce(totals, Reduce::kSum, "batch norm gradients")->wait();
    const at::Tensor means = totals / saved[4];
    const at::Tensor centred =
        gradient - per_channel(means[0], input) - normalised * per_channel(means[1], input);
    const at::Tensor input_gradient = centred * per_channel(weight * inverse_std, input);
    return {input_gradient.to(input.scalar_type()), weight_gradient, bias_gradient, {}, {}, {}};
  }
};

}  // namespace

at::Tensor sync_batch_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                           at::Tensor running_mean, at::Tensor running_var, double momentum, double epsilon,
                           Communicator& communicator) {
  // Autograd carries the communicator from forward to backward as a number.
  return SyncBatchNorm::apply(input, weight, bias, RunningStatistics{running_mean, running_var, momentum},
                              epsilon, reinterpret_cast<int64_t>(&communicator));
}

}  // namespace echelon::nn
