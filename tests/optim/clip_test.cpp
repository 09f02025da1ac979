#include "optim/clip.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "optim/golden.h"

namespace echelon::optim {
namespace {

std::vector<at::Tensor> gradients() {
  return {golden().view("gradient.weight")[0].clone(), golden().view("gradient.bias")[0].clone()};
}

TEST(Clip, AgreesWithTorch) {
  const std::vector<at::Tensor> found = gradients();
  const at::Tensor norm = gradient_norm(found);
  EXPECT_NEAR(norm.item<double>(), golden().view("clip.norm").item<double>(), 1e-13);
  scale_gradients(found, clip_factor(norm.item<double>(), 0.5));
  EXPECT_TRUE(at::allclose(found[0], golden().view("clip.weight"), 1e-13));
  EXPECT_TRUE(at::allclose(found[1], golden().view("clip.bias"), 1e-13));
}

TEST(Clip, LeavesSmallGradientsAlone) {
  const std::vector<at::Tensor> found = gradients();
  const double factor = clip_factor(gradient_norm(found).item<double>(), 1e3);
  EXPECT_EQ(factor, 1);
  scale_gradients(found, factor);
  EXPECT_TRUE(at::equal(found[0], gradients()[0]));
}

TEST(Clip, ANormThatIsNotFiniteMakesGradientsNotFinite) {
  EXPECT_TRUE(std::isnan(clip_factor(NAN, 1)));
}

TEST(Clip, NormIsThatOfAllElements) {
  EXPECT_DOUBLE_EQ(gradient_norm(std::vector{at::full({9}, 1.0), at::full({2, 2}, 2.0)}).item<double>(), 5);
  EXPECT_EQ(gradient_norm(std::vector{at::full({4}, 3, at::kBFloat16)}).scalar_type(), at::kFloat);
  EXPECT_TRUE(std::isnan(gradient_norm(std::vector{at::full({4}, NAN)}).item<double>()));
}

}  // namespace
}  // namespace echelon::optim
