#include "nn/functional/product_weight.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace echelon::nn {
namespace {

constexpr int64_t kMany = 100, kFew = 1;

TEST(ProductWeight, MultipliesAsLibTorchDoes) {
  const at::Tensor weight = at::randn({48, 80}), bias = at::randn({48}), x = at::randn({33, 80}),
                   gradient = at::randn({33, 48});
  for (const int64_t uses : {kFew, kMany}) {
    SharedWeights weights(uses);
    const SharedWeights::Scope scope(weights);
    for (int round = 0; round < 3; ++round) {  // round 1: packed already; round 2: with a new value
      if (round == 2) weight.mul_(0.5);
      const SharedProductWeight product = product_weight(weight, at::kFloat);
      EXPECT_TRUE(product->forward(x).allclose(at::linear(x, weight), 1e-5, 1e-5));
      EXPECT_TRUE(product->forward(x, bias).allclose(at::linear(x, weight, bias), 1e-5, 1e-5));
      const at::Tensor sum = at::ones({33, 48});
      product->add_forward(sum, x);
      EXPECT_TRUE(sum.allclose(at::linear(x, weight) + 1, 1e-5, 1e-5));
      EXPECT_TRUE(product->backward(gradient).allclose(at::mm(gradient, weight), 1e-5, 1e-5));
    }
  }
}

TEST(ProductWeight, TakesLeftFactorsOfAnyHeight) {
  const at::Tensor weight = at::randn({16, 24});
  SharedWeights weights(kMany);
  const SharedWeights::Scope scope(weights);
  const SharedProductWeight product = product_weight(weight, at::kFloat);
  for (const int64_t rows : {64, 7, 1, 64, 200}) {
    const at::Tensor x = at::randn({rows, 24}), gradient = at::randn({rows, 16});
    EXPECT_TRUE(product->forward(x).allclose(at::linear(x, weight), 1e-5, 1e-5)) << rows;
    EXPECT_TRUE(product->backward(gradient).allclose(at::mm(gradient, weight), 1e-5, 1e-5)) << rows;
  }
}

TEST(ProductWeight, InOtherTypesMultipliesToo) {
  for (const at::ScalarType type : {at::kDouble, at::kBFloat16}) {
    const at::Tensor weight = at::randn({16, 24}), x = at::randn({8, 24}).to(type);
    SharedWeights weights(kMany);
    const SharedWeights::Scope scope(weights);
    EXPECT_TRUE(product_weight(weight, type)->forward(x).equal(at::linear(x, weight.to(type))));
  }
}

TEST(SharedWeights, ConvertOnceUntilTheParameterChanges) {
  const at::Tensor weight = at::rand({40, 30}).set_requires_grad(true);
  SharedWeights weights(kFew);
  const SharedWeights::Scope scope(weights);
  const SharedProductWeight first = product_weight(weight, at::kBFloat16);
  const at::Tensor copy = first->tensor();
  EXPECT_TRUE(copy.equal(weight.detach().to(at::kBFloat16)));
  EXPECT_EQ(product_weight(weight, at::kBFloat16), first);
  weight.detach().mul_(2);  // as the optimizer does, which has a tensor of its own on the same memory
  const SharedProductWeight second = product_weight(weight, at::kBFloat16);
  EXPECT_NE(second, first);  // which is still held, with the old value
  EXPECT_TRUE(first->tensor().is_same(copy));
  EXPECT_TRUE(second->tensor().equal(weight.detach().to(at::kBFloat16)));
  EXPECT_TRUE(product_weight(weight, at::kFloat)->tensor().equal(weight));
}

TEST(SharedWeights, AreTakenAnewInAnotherScope) {
  const at::Tensor weight = at::ones({8, 8}), x = at::ones({2, 8});
  for (const int64_t uses : {kFew, kMany}) {
    SharedWeights weights(uses);
    for (const float value : {1.0F, 2.0F, 3.0F}) {
      std::fill_n(weight.data_ptr<float>(), weight.numel(), value);  // what no version tells of
      const SharedWeights::Scope scope(weights);
      EXPECT_TRUE(product_weight(weight, at::kFloat)->forward(x).eq(8 * value).all().item<bool>());
      EXPECT_TRUE(product_weight(weight, at::kBFloat16)->tensor().eq(value).all().item<bool>());
    }
  }
}

TEST(SharedWeights, ArePreparedAheadOfTheirUse) {
  const at::Tensor a = at::randn({16, 24}), b = at::randn({8, 16}), x = at::randn({5, 24});
  SharedWeights weights(kMany);
  const auto use = [&] {
    const at::Tensor y = product_weight(a, at::kFloat)->forward(x);
    const at::Tensor gradient = product_weight(b, at::kFloat)->backward(at::ones({5, 8}));
    EXPECT_TRUE(y.allclose(at::linear(x, a), 1e-5, 1e-5));
    EXPECT_TRUE(gradient.allclose(at::mm(at::ones({5, 8}), b), 1e-5, 1e-5));
  };
  EXPECT_FALSE(weights.prepare_one());  // nothing is known of what will be used
  for (int step = 0; step < 3; ++step) {
    const SharedWeights::Scope scope(weights);
    int prepared = 0;
    while (weights.prepare_one()) ++prepared;
    // Each of the two is taken, and packed where this LibTorch can.
    EXPECT_EQ(prepared, step == 0 ? 0 : PackedMatrix::possible(a) ? 4 : 2);
    use();
    EXPECT_FALSE(weights.prepare_one());
    a.mul_(1.5);
    b.mul_(0.5);
  }
}

TEST(SharedWeights, KnowALaterParameterAtTheSameAddress) {
  SharedWeights weights(kFew);
  const SharedWeights::Scope scope(weights);
  for (int i = 0; i < 100; ++i) {
    const at::Tensor weight = at::full({8}, i);
    EXPECT_TRUE(product_weight(weight, at::kBFloat16)->tensor().eq(i).all().item<bool>()) << i;
  }
}

/// Told by a change that nobody may make.
TEST(SharedWeights, OfConstantsAreTakenOnce) {
  const at::Tensor weight = at::randn({16, 24}), first = weight.to(at::kBFloat16);
  SharedWeights weights = SharedWeights::of_constants();
  for (const int64_t rows : {8, 3, 8}) {
    const SharedWeights::Scope scope(weights);
    const at::Tensor x = at::randn({rows, 24}).to(at::kBFloat16);
    EXPECT_TRUE(product_weight(weight, at::kBFloat16)->forward(x).equal(at::linear(x, first)));
    *weight.mutable_data_ptr<float>() += 1;  // without a new version
  }
}

TEST(SharedWeights, AreThoseOfTheInnermostScope) {
  const at::Tensor weight = at::rand({4, 4});
  SharedWeights outer(kFew), inner(kFew);
  const SharedWeights::Scope outer_scope(outer);
  const SharedProductWeight of_outer = product_weight(weight, at::kFloat);
  {
    const SharedWeights::Scope inner_scope(inner);
    EXPECT_NE(product_weight(weight, at::kFloat), of_outer);
  }
  EXPECT_EQ(product_weight(weight, at::kFloat), of_outer);
}

}  // namespace
}  // namespace echelon::nn
