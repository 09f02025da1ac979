#include "optim/weight_average.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/error.h"

namespace echelon::optim {
namespace {

TEST(WeightAverage, FollowsTheGeometricSeries) {
  const at::Tensor weight = at::full({3}, 1.0, at::kDouble).requires_grad_();
  WeightAverage average(0.9, {"w"}, {weight});
  weight.detach().fill_(5.0);
  for (int i = 0; i < 20; ++i) average.update();
  EXPECT_NEAR(average.state().at("w")[0].item<double>(), 5 - 4 * std::pow(0.9, 20), 1e-12);
}

TEST(WeightAverage, IsInUseForAScope) {
  const at::Tensor weight = at::full({3}, 1.0).requires_grad_();
  WeightAverage average(0.5, {"w"}, {weight});
  weight.detach().fill_(3.0);
  average.update();
  {
    const WeightAverage::InUse in_use(average);
    EXPECT_EQ(weight[0].item<double>(), 2);
  }
  EXPECT_EQ(weight[0].item<double>(), 3);
  EXPECT_EQ(average.state().at("w")[0].item<double>(), 2);
}

TEST(WeightAverage, LoadsItsState) {
  const at::Tensor weight = at::zeros({3});
  WeightAverage average(0.5, {"w"}, {weight});
  average.load_state({{"w", at::ones({3})}, {"running_mean", at::ones({1})}});
  EXPECT_EQ(average.state().at("w").sum().item<double>(), 3);
  EXPECT_THROW(average.load_state({}), CheckpointError);
  EXPECT_THROW(average.load_state({{"w", at::ones({4})}}), CheckpointError);
}

}  // namespace
}  // namespace echelon::optim
