#include "nn/functional/convert.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace echelon::nn {
namespace {

TEST(ConvertParameter, IsSharedWhileKeptAndUntilTheParameterChanges) {
  at::Tensor weight = at::rand({40, 30}).set_requires_grad(true);
  const at::Tensor first = convert_parameter(weight, at::kBFloat16);
  EXPECT_TRUE(first.equal(weight.detach().to(at::kBFloat16)));
  EXPECT_TRUE(convert_parameter(weight, at::kBFloat16).is_same(first));
  weight.detach().mul_(2);  // as the optimizer does, which has a tensor of its own on the same memory
  const at::Tensor second = convert_parameter(weight, at::kBFloat16);
  EXPECT_FALSE(second.is_same(first));
  EXPECT_TRUE(second.equal(weight.detach().to(at::kBFloat16)));
}

TEST(ConvertParameter, ALaterParameterAtTheSameAddressIsAnother) {
  at::Tensor kept;
  for (int i = 0; i < 100; ++i) {
    const at::Tensor weight = at::full({8}, i);
    const at::Tensor copy = convert_parameter(weight, at::kBFloat16);
    EXPECT_TRUE(copy.eq(i).all().item<bool>()) << i;
    kept = copy;  // outlives its parameter
  }
}

TEST(ConvertParameter, OfTheSameTypeIsTheParameter) {
  const at::Tensor weight = at::rand({3});
  EXPECT_TRUE(convert_parameter(weight, at::kFloat).is_same(weight));
}

}  // namespace
}  // namespace echelon::nn
