// What the tests of fused operations share.
#pragma once

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace echelon::nn {

/// bfloat16 products on the CPU while it lives.
class Bf16Products {
 public:
  Bf16Products() {
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  }
  ~Bf16Products() {
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
  }
};

using Operation = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// The output and the gradients of Σ output·weights for fixed weights, with inputs converted to `type`.
struct Derivatives {
  at::Tensor output;
  std::vector<at::Tensor> gradients;
};
inline Derivatives differentiate(const Operation& operation, const std::vector<at::Tensor>& inputs,
                                 at::ScalarType type) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs)
    leaves.push_back(input.detach().to(type, false, true).set_requires_grad(true));
  const at::Tensor output = operation(leaves);
  const at::Tensor weights =
      at::arange(output.numel(), at::kDouble).mul_(0.7).sin_().add_(0.5).view(output.sizes());
  output.backward(weights.to(output.scalar_type()));
  Derivatives result{output.detach().to(at::kDouble), {}};
  for (const at::Tensor& leaf : leaves) result.gradients.push_back(leaf.grad().to(at::kDouble));
  return result;
}

/// Largest difference as a share of the largest expected value.
inline double relative_difference(const at::Tensor& actual, const at::Tensor& expected) {
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

inline void expect_close(const Derivatives& actual, const Derivatives& expected, double tolerance) {
  EXPECT_LT(relative_difference(actual.output, expected.output), tolerance) << "output";
  ASSERT_EQ(actual.gradients.size(), expected.gradients.size());
  for (size_t i = 0; i < actual.gradients.size(); ++i) {
    EXPECT_LT(relative_difference(actual.gradients[i], expected.gradients[i]), tolerance) << "gradient " << i;
  }
}

}  // namespace echelon::nn
