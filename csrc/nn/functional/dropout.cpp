#include "nn/functional/dropout.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/functional/kernels/dropout.h"
#include "nn/functional/parallel.h"
#include "nn/functional/types.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr int64_t kGrain = 16 << 10;  // values a thread draws at least

at::Tensor drop(const at::Tensor& x, double rate, const RandomSource& random) {
  const at::Tensor y = at::empty_like(x);
  const int64_t first = random.first_sample * (x.numel() / x.size(0));
  with_types(x.scalar_type(), [&]<class W, class T>(W*, T*) {
    parallel_for(x.numel(), kGrain, [&](int64_t begin, int64_t end) {
      kernels::dropout(data<T>(x) + begin, data<T>(y) + begin, end - begin, rate,
                       {random.key, static_cast<uint64_t>(first + begin)});
    });
  });
  return y;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, double rate,
                            const RandomSource& random) {
    ctx->saved_data["rate"] = rate;
    ctx->saved_data["key"] = static_cast<int64_t>(random.key);
    ctx->saved_data["first_sample"] = random.first_sample;
    return drop(x, rate, random);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const RandomSource random{static_cast<uint64_t>(ctx->saved_data["key"].toInt()),
                              ctx->saved_data["first_sample"].toInt()};
    return {drop(gradients[0].contiguous(), ctx->saved_data["rate"].toDouble(), random), {}, {}};
  }
};

bool drawn_here(const at::Tensor& x) {
  const at::ScalarType type = x.scalar_type();
  return x.is_cpu() && (type == at::kFloat || type == at::kDouble || type == at::kBFloat16);
}

}  // namespace

at::Tensor dropout(const at::Tensor& x, double rate, const RandomSource& random) {
  if (rate == 0 || x.numel() == 0) return x;
  if (drawn_here(x)) return Dropout::apply(x.contiguous(), rate, random);
  // As a GPU's operation: a byte a value is kept.
  if (x.is_meta()) return x.mul(at::empty(x.sizes(), x.options().dtype(at::kBool)));
  seed_generator(x.device(), random);
  return at::dropout(x, rate, /*train=*/true);
}

void seed_generator(at::Device device, const RandomSource& random) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(derive_key(random.key, static_cast<uint64_t>(random.first_sample)));
}

}  // namespace echelon::nn
