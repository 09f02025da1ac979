#include "nn/init.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "common/error.h"

namespace echelon::nn {
namespace {

int64_t fan_of(const at::Tensor& weight, init::Fan fan) {
  if (weight.dim() < 2) throw InternalError("a fan needs a weight of at least two dimensions");
  const int64_t receptive_field = weight.numel() / (weight.size(0) * weight.size(1));
  return weight.size(fan == init::Fan::kIn ? 1 : 0) * receptive_field;
}

}  // namespace

at::Tensor initial_value(at::IntArrayRef shape, const at::TensorOptions& options, uint64_t key,
                         const Initializer& initializer) {
  if (options.device().is_meta()) return at::empty(shape, options);
  const auto drawn_in = options.dtype() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor values = at::empty(shape, at::TensorOptions().dtype(drawn_in));
  initializer(values, at::detail::createCPUGenerator(key));
  return values.to(options);
}

namespace init {

Initializer zeros() {
  return [](at::Tensor& values, at::Generator) { values.zero_(); };
}

Initializer ones() {
  return [](at::Tensor& values, at::Generator) { values.fill_(1); };
}

Initializer normal(double standard_deviation) {
  return
      [=](at::Tensor& values, at::Generator generator) { values.normal_(0, standard_deviation, generator); };
}

Initializer truncated_normal(double standard_deviation, double cut) {
  return [=](at::Tensor& values, at::Generator generator) {
    const double within = std::erf(cut / std::sqrt(2.0));  // probability of lying within the cut
    const double limit = cut * standard_deviation;
    values.uniform_(-within, within, generator).erfinv_().mul_(standard_deviation * std::sqrt(2.0));
    values.clamp_(-limit, limit);
  };
}

Initializer uniform(double bound) {
  return [=](at::Tensor& values, at::Generator generator) { values.uniform_(-bound, bound, generator); };
}

Initializer kaiming_normal(Fan fan) {
  return [=](at::Tensor& values, at::Generator generator) {
    values.normal_(0, std::sqrt(2.0 / fan_of(values, fan)), generator);
  };
}

Initializer kaiming_uniform(Fan fan) {
  return [=](at::Tensor& values, at::Generator generator) {
    const double bound = std::sqrt(6.0 / fan_of(values, fan));  // a uniform's variance is bound² / 3
    values.uniform_(-bound, bound, generator);
  };
}

Initializer fan_in_uniform(int64_t fan_in) {
  return [=](at::Tensor& values, at::Generator generator) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in > 0 ? fan_in : fan_of(values, Fan::kIn)));
    values.uniform_(-bound, bound, generator);
  };
}

}  // namespace init
}  // namespace echelon::nn
