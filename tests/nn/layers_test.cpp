#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/layers/attention.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/group_norm.h"
#include "nn/layers/layer_norm.h"
#include "nn/layers/pooling.h"
#include "nn/layers/transformer_block.h"

namespace echelon::nn {
namespace {

const BuildOptions kOptions{at::TensorOptions().dtype(at::kDouble), 1, {}, ""};
const Context kTraining{.training = true};

at::Tensor randn(at::IntArrayRef shape) {
  return at::randn(shape, at::kDouble);
}

at::Tensor parameter(Layer& layer, const std::string& name) {
  for (const Parameter& p : layer.parameters()) {
    if (p.name == name) return p.tensor.detach();
  }
  ADD_FAILURE() << "no parameter " << name;
  return {};
}

void set(Layer& layer, const std::string& name, const at::Tensor& value) {
  parameter(layer, name).copy_(value);
}

void expect_close(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  EXPECT_TRUE(at::allclose(actual, expected, 1e-10, 1e-10)) << actual << expected;
}

TEST(Linear, IsAMatrixProduct) {
  Linear layer(kOptions, 3, 5, {.bias_init = init::normal(1)});
  const at::Tensor x = randn({2, 4, 3});
  expect_close(layer.apply(x, kTraining),
               at::matmul(x, parameter(layer, "weight").t()) + parameter(layer, "bias"));
}

TEST(Conv2d, SumsOverTheWindow) {
  Conv2d layer(kOptions, 1, 1, {.kernel = 3, .stride = 2, .padding = 1, .weight_init = init::ones()});
  const at::Tensor x = at::ones({1, 1, 5, 5}, at::kDouble);
  expect_close(layer.apply(x, kTraining).squeeze(),
               at::tensor({4., 6., 4., 6., 9., 6., 4., 6., 4.}, at::kDouble).view({3, 3}));
}

TEST(LayerNorm, NormalisesTheLastDimension) {
  LayerNorm layer(kOptions, 6);
  set(layer, "weight", at::full({6}, 2.0, at::kDouble));
  set(layer, "bias", at::full({6}, 0.5, at::kDouble));
  const at::Tensor x = randn({3, 6}) * 4 + 1;
  const at::Tensor expected =
      2 * (x - x.mean(1, true)) / (x.var(at::IntArrayRef{1}, /*unbiased=*/false, true) + 1e-5).sqrt() + 0.5;
  expect_close(layer.apply(x, kTraining), expected);
}

TEST(GroupNorm, NormalisesEachGroupOfASample) {
  GroupNorm layer(kOptions, 2, 6);
  const at::Tensor x = randn({3, 6, 4, 4}) * 4 + 1;
  const at::Tensor groups = x.view({3, 2, -1});
  const at::Tensor expected = (groups - groups.mean(2, true)) /
                              (groups.var(at::IntArrayRef{2}, /*unbiased=*/false, true) + 1e-5).sqrt();
  expect_close(layer.apply(x, kTraining), expected.view_as(x));
}

TEST(BatchNorm, TrainsOnTheBatchAndEvaluatesOnRunningStatistics) {
  BatchNorm layer(kOptions, 2);
  const at::Tensor x = randn({4, 2, 3, 3}) * 4 + 1;
  const at::Tensor columns = x.transpose(0, 1).reshape({2, -1});
  const at::Tensor mean = columns.mean(1), biased = columns.var(at::IntArrayRef{1}, false);
  const at::Tensor normalised = (x - mean.view({1, 2, 1, 1})) / (biased + 1e-5).sqrt().view({1, 2, 1, 1});
  expect_close(layer.apply(x, kTraining), normalised);
  const at::Tensor unbiased = biased * 36 / 35;
  expect_close(layer.buffers()[0].tensor, 0.1 * mean);
  expect_close(layer.buffers()[1].tensor, 0.9 + 0.1 * unbiased);
  const at::Tensor running =
      (x - 0.1 * mean.view({1, 2, 1, 1})) / (0.9 + 0.1 * unbiased + 1e-5).sqrt().view({1, 2, 1, 1});
  expect_close(layer.apply(x, {.training = false}), running);
  EXPECT_TRUE(layer.buffers()[0].running_statistic);
}

TEST(Pooling, WindowsAndFlattening) {
  const at::Tensor x = at::arange(16, at::kDouble).view({1, 1, 4, 4});
  expect_close(MaxPool2d(2, 2).apply(x, kTraining).flatten(), at::tensor({5., 7., 13., 15.}, at::kDouble));
  expect_close(AvgPool2d(2, 2).apply(x, kTraining).flatten(),
               at::tensor({2.5, 4.5, 10.5, 12.5}, at::kDouble));
  expect_close(AdaptiveAvgPool2d().apply(x, kTraining), at::full({1, 1, 1, 1}, 7.5, at::kDouble));
  EXPECT_EQ(Flatten().apply(at::zeros({2, 3, 4}), kTraining).sizes(), at::IntArrayRef({2, 12}));
}

TEST(Activation, ValuesAtOne) {
  const auto at_one = [](Activation activation) {
    return activate(at::ones({1}, at::kDouble), activation).item<double>();
  };
  EXPECT_EQ(activate(-at::ones({1}), Activation::kRelu).item<double>(), 0);
  EXPECT_NEAR(at_one(Activation::kGelu), 0.841344746, 1e-9);      // Φ(1)
  EXPECT_NEAR(at_one(Activation::kGeluTanh), 0.841191991, 1e-8);  // 0.5·(1 + tanh(√(2/π)·1.044715))
  EXPECT_NEAR(at_one(Activation::kSilu), 0.731058579, 1e-9);      // σ(1)
}

/// Attention written out, for all heads at once.
at::Tensor attention_by_hand(SelfAttention& layer, const at::Tensor& x, int64_t heads, bool causal) {
  const int64_t batch = x.size(0), time = x.size(1), width = x.size(2), size = width / heads;
  const at::Tensor qkv = at::matmul(x, parameter(layer, "qkv.weight").t()) + parameter(layer, "qkv.bias");
  const auto split = [&](int64_t part) {
    return qkv.narrow(2, part * width, width).view({batch, time, heads, size}).transpose(1, 2);
  };
  at::Tensor scores = at::matmul(split(0), split(1).transpose(2, 3)) / std::sqrt(static_cast<double>(size));
  if (causal) scores = scores.masked_fill(at::ones({time, time}, at::kBool).triu(1), -INFINITY);
  const at::Tensor mixed =
      at::matmul(scores.softmax(-1), split(2)).transpose(1, 2).reshape({batch, time, width});
  return at::matmul(mixed, parameter(layer, "projection.weight").t()) + parameter(layer, "projection.bias");
}

TEST(SelfAttention, EqualsItsFormula) {
  for (const bool causal : {true, false}) {
    SelfAttention layer(
        kOptions, 12, 3,
        {.causal = causal, .weight_init = init::normal(0.5), .projection_init = init::normal(0.5)});
    set(layer, "qkv.bias", randn({36}));
    const at::Tensor x = randn({2, 5, 12});
    expect_close(layer.apply(x, kTraining), attention_by_hand(layer, x, 3, causal));
  }
}

TEST(TransformerBlock, NamesItsTensors) {
  TransformerBlock block(kOptions, {.width = 8, .heads = 2, .mlp_width = 16});
  std::vector<std::string> names;
  for (const Parameter& p : block.parameters()) names.push_back(p.name);
  EXPECT_EQ(names, (std::vector<std::string>{"attention_norm.weight", "attention_norm.bias",
                                             "attention.qkv.weight", "attention.qkv.bias",
                                             "attention.projection.weight", "attention.projection.bias",
                                             "mlp_norm.weight", "mlp_norm.bias", "mlp.expand.weight",
                                             "mlp.expand.bias", "mlp.contract.weight", "mlp.contract.bias"}));
}

}  // namespace
}  // namespace echelon::nn
