#include "nn/functional/post_norm.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "nn/functional/kernels/gelu.h"

namespace echelon::nn {
namespace {

constexpr double kEpsilon = 1e-12;

double difference(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  return (actual.detach().to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
}

/// x [2, 35, 24], weights of linears to 40 and back, of a norm; of float32 values.
struct Numbers {
  explicit Numbers(at::ScalarType type) {
    const at::Generator generator = at::detail::createCPUGenerator(/*seed=*/3);
    const auto draw = [&](at::IntArrayRef sizes) { return at::randn(sizes, generator).to(type); };
    x = draw({2, 35, 24});
    expand_weight = draw({40, 24}) / 5, expand_bias = draw({40});
    contract_weight = draw({24, 40}) / 6, contract_bias = draw({24});
    norm_weight = draw({24}), norm_bias = draw({24});
  }
  at::Tensor x, expand_weight, expand_bias, contract_weight, contract_bias, norm_weight, norm_bias;
};

/// As LibTorch has it, in float64.
at::Tensor expected_of(const Numbers& n, Activation activation) {
  const at::Tensor expanded = activate(at::linear(n.x, n.expand_weight, n.expand_bias), activation);
  return at::layer_norm(n.x + at::linear(expanded, n.contract_weight, n.contract_bias), {24}, n.norm_weight,
                        n.norm_bias, kEpsilon);
}

at::Tensor found_of(const Numbers& n, Activation activation) {
  const NormWeights norm{n.norm_weight, n.norm_bias, kEpsilon};
  const LinearWeights expand{n.expand_weight, n.expand_bias}, contract{n.contract_weight, n.contract_bias};
  const at::Tensor whole = mlp_norm(n.x, expand, activation, contract, norm);
  const at::Tensor in_parts =
      linear_norm(n.x, activate(input_linear(n.x, expand), activation), contract, norm);
  EXPECT_LT(difference(whole, in_parts), n.x.scalar_type() == at::kFloat ? 1e-5 : 1e-13);
  return whole;
}

class PostNorm : public testing::TestWithParam<Activation> {};

TEST_P(PostNorm, IsWhatLibTorchComputes) {
  const at::Tensor expected = expected_of(Numbers(at::kDouble), GetParam());
  for (const bool gradients : {false, true}) {
    const c10::AutoGradMode mode(gradients);
    EXPECT_LT(difference(found_of(Numbers(at::kDouble), GetParam()), expected), 1e-6);
    EXPECT_LT(difference(found_of(Numbers(at::kFloat), GetParam()), expected), 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Activations, PostNorm,
                         testing::Values(Activation::kGelu, Activation::kGeluTanh, Activation::kRelu));

TEST(ExactGelu, IsWithinRounding) {
  const at::Tensor x = at::linspace(-14, 14, 100001), bias = at::full({100001}, 0.25F);
  const at::Tensor y = at::empty_like(x);
  kernels::exact_gelu_row(x.data_ptr<float>(), bias.data_ptr<float>(), y.data_ptr<float>(), x.numel());
  const at::Tensor z = (x + bias).to(at::kDouble);
  const at::Tensor error = (y.to(at::kDouble) - at::gelu(z)).abs() / z.abs().clamp_min(1);
  EXPECT_LT(error.max().item<double>(), 2e-7);

  const at::Tensor wide = at::empty_like(z), zeros = at::zeros_like(z);
  kernels::exact_gelu_row(z.data_ptr<double>(), zeros.data_ptr<double>(), wide.data_ptr<double>(), z.numel());
  EXPECT_LT(difference(wide, at::gelu(z)), 1e-14);
}

}  // namespace
}  // namespace echelon::nn
