#include <ATen/Parallel.h>

#include "nn/functional/norm_linear.h"
#include "nn/functional/residual_linear.h"
#include "nn/functional/testing.h"

namespace echelon::nn {
namespace {

using Tensors = std::vector<at::Tensor>;

struct Case {
  std::string name;
  Operation fused;
  Operation plain;
  Tensors inputs;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

at::Tensor randn(at::IntArrayRef shape) {
  return at::randn(shape, at::kDouble);
}

// 70 rows: more than a chunk, and not a multiple of one.
Case norm_then_linear() {
  return {
      "norm_linear",
      [](const Tensors& t) { return norm_linear(t[0], t[1], t[2], 1e-5, t[3], t[4]); },
      [](const Tensors& t) { return at::linear(at::layer_norm(t[0], {12}, t[1], t[2], 1e-5), t[3], t[4]); },
      {randn({2, 35, 12}) * 2 + 1, randn({12}), randn({12}), randn({6, 12}), randn({6})}};
}
Case norm_then_linear_without_bias() {
  Case c = norm_then_linear();
  c.name += " without bias";
  c.inputs.pop_back();
  c.fused = [](const Tensors& t) { return norm_linear(t[0], t[1], t[2], 1e-5, t[3], {}); };
  c.plain = [](const Tensors& t) { return at::linear(at::layer_norm(t[0], {12}, t[1], t[2], 1e-5), t[3]); };
  return c;
}
Case linear_to_residual() {
  return {"residual_linear",
          [](const Tensors& t) { return residual_linear(t[0], t[1], t[2], t[3]); },
          [](const Tensors& t) { return t[0] + at::linear(t[1], t[2], t[3]); },
          {randn({2, 35, 6}), randn({2, 35, 12}), randn({6, 12}), randn({6})}};
}
Case gelu_linear_to_residual() {
  return {"residual_gelu_linear",
          [](const Tensors& t) { return residual_gelu_linear(t[0], t[1], t[2], t[3], t[4]); },
          [](const Tensors& t) { return t[0] + at::linear(at::gelu(t[1] + t[2], "tanh"), t[3], t[4]); },
          {randn({2, 35, 6}), randn({2, 35, 12}) * 2, randn({12}), randn({6, 12}), randn({6})}};
}

class FusedLinear : public testing::TestWithParam<Case> {};

TEST_P(FusedLinear, Float64EqualsPlain) {
  const Case& c = GetParam();
  expect_close(differentiate(c.fused, c.inputs, at::kDouble), differentiate(c.plain, c.inputs, at::kDouble),
               1e-12);
}

TEST_P(FusedLinear, Float32EqualsPlain) {
  const Case& c = GetParam();
  expect_close(differentiate(c.fused, c.inputs, at::kFloat), differentiate(c.plain, c.inputs, at::kDouble),
               1e-5);
}

TEST_P(FusedLinear, Bfloat16ProductsEqualPlain) {
  const Case& c = GetParam();
  const Operation fused = [&](const Tensors& t) {
    const Bf16Products products;
    return c.fused(t);
  };
  expect_close(differentiate(fused, c.inputs, at::kFloat), differentiate(c.plain, c.inputs, at::kDouble),
               2e-2);
}

TEST_P(FusedLinear, GradientsEqualFiniteDifferences) {
  const Case& c = GetParam();
  const Derivatives derivatives = differentiate(c.fused, c.inputs, at::kDouble);
  const at::NoGradGuard no_gradient;
  const auto value = [&](const Tensors& inputs) {
    const at::Tensor output = c.fused(inputs);
    return (output * at::arange(output.numel(), at::kDouble).mul_(0.7).sin_().add_(0.5).view(output.sizes()))
        .sum()
        .item<double>();
  };
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    for (int64_t element = 0; element < c.inputs[i].numel(); element += 1 + c.inputs[i].numel() / 7) {
      Tensors higher = c.inputs, lower = c.inputs;
      higher[i] = higher[i].clone();
      lower[i] = lower[i].clone();
      higher[i].view(-1)[element] += kStep;
      lower[i].view(-1)[element] -= kStep;
      const double expected = (value(higher) - value(lower)) / (2 * kStep);
      EXPECT_NEAR(derivatives.gradients[i].view(-1)[element].item<double>(), expected,
                  1e-6 * (1 + std::abs(expected)))
          << "input " << i << ", element " << element;
    }
  }
}

TEST_P(FusedLinear, DoesNotDependOnTheNumberOfThreads) {
  const Case& c = GetParam();
  const Derivatives one = differentiate(c.fused, c.inputs, at::kFloat);
  at::set_num_threads(4);
  const Derivatives four = differentiate(c.fused, c.inputs, at::kFloat);
  at::set_num_threads(1);
  for (size_t i = 0; i < one.gradients.size(); ++i)
    EXPECT_LT(relative_difference(four.gradients[i], one.gradients[i]), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Operations, FusedLinear,
                         testing::Values(norm_then_linear(), norm_then_linear_without_bias(),
                                         linear_to_residual(), gelu_linear_to_residual()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(FusedLinear, TypesUnderAutocastAreThoseOfLibTorch) {
  const Bf16Products products;
  const at::Tensor x = at::randn({4, 12}), weight = at::randn({6, 12}), bias = at::randn({6});
  EXPECT_EQ(norm_linear(x, at::ones({12}), at::zeros({12}), 1e-5, weight, bias).scalar_type(), at::kBFloat16);
  EXPECT_EQ(residual_linear(at::randn({4, 6}), x, weight, bias).scalar_type(), at::kFloat);
}

}  // namespace
}  // namespace echelon::nn
