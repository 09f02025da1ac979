#include "nn/init.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace echelon::nn {
namespace {

constexpr uint64_t kKey = 7;

at::Tensor draw(at::IntArrayRef shape, const Initializer& initializer, at::ScalarType type = at::kFloat,
                uint64_t key = kKey) {
  return initial_value(shape, at::TensorOptions().dtype(type), key, initializer);
}

TEST(InitialValue, IsAFunctionOfTheKey) {
  EXPECT_TRUE(at::equal(draw({100}, init::normal(1)), draw({100}, init::normal(1))));
  EXPECT_FALSE(at::equal(draw({100}, init::normal(1)), draw({100}, init::normal(1), at::kFloat, kKey + 1)));
}

TEST(InitialValue, NarrowTypesRoundTheFloat32Values) {
  EXPECT_TRUE(at::equal(draw({1000}, init::normal(1), at::kBFloat16),
                        draw({1000}, init::normal(1)).to(at::kBFloat16)));
}

TEST(InitialValue, TakesNoMemoryOnTheMetaDevice) {
  const auto meta = at::TensorOptions().device(at::kMeta);
  EXPECT_EQ(initial_value({int64_t{1} << 40}, meta, kKey, init::ones()).numel(), int64_t{1} << 40);
}

TEST(Init, Constants) {
  EXPECT_TRUE(at::equal(draw({3}, init::zeros()), at::zeros({3})));
  EXPECT_TRUE(at::equal(draw({3}, init::ones()), at::ones({3})));
}

TEST(Init, Normal) {
  const at::Tensor values = draw({100'000}, init::normal(0.02));
  EXPECT_NEAR(values.mean().item<double>(), 0, 3e-4);
  EXPECT_NEAR(values.std().item<double>(), 0.02, 2e-4);
}

TEST(Init, TruncatedNormalStaysWithinTheCut) {
  const at::Tensor values = draw({100'000}, init::truncated_normal(0.5, 2.0), at::kDouble);
  EXPECT_LE(values.abs().max().item<double>(), 1.0);
  EXPECT_GT(values.abs().max().item<double>(), 0.99);
  // Variance of a standard normal cut at ±2: 1 − 2·2·φ(2) / (2·Φ(2) − 1).
  const double phi = std::exp(-2.0) / std::sqrt(2 * M_PI);
  const double variance = 1 - 4 * phi / std::erf(2 / std::sqrt(2.0));
  EXPECT_NEAR(values.std().item<double>(), 0.5 * std::sqrt(variance), 3e-3);
}

TEST(Init, KaimingVarianceIsTwoOverFan) {
  const std::vector<int64_t> shape{64, 32, 3, 3};  // fan in: 32·9, fan out: 64·9
  for (const auto& initializer :
       {init::kaiming_normal(init::Fan::kIn), init::kaiming_uniform(init::Fan::kIn)}) {
    EXPECT_NEAR(draw(shape, initializer).var().item<double>(), 2.0 / (32 * 9), 2e-4);
  }
  for (const auto& initializer :
       {init::kaiming_normal(init::Fan::kOut), init::kaiming_uniform(init::Fan::kOut)}) {
    EXPECT_NEAR(draw(shape, initializer).var().item<double>(), 2.0 / (64 * 9), 2e-4);
  }
}

TEST(Init, UniformBounds) {
  const at::Tensor values = draw({10'000}, init::uniform(0.3));
  EXPECT_LE(values.abs().max().item<double>(), 0.3);
  EXPECT_NEAR(values.var().item<double>(), 0.3 * 0.3 / 3, 1e-3);
  EXPECT_LE(draw({50, 16}, init::fan_in_uniform()).abs().max().item<double>(), 0.25);  // 1 / √16
  EXPECT_GT(draw({50, 16}, init::fan_in_uniform()).abs().max().item<double>(), 0.24);
  EXPECT_LE(draw({1000}, init::fan_in_uniform(100)).abs().max().item<double>(), 0.1);
}

}  // namespace
}  // namespace echelon::nn
