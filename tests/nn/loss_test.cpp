#include "nn/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace echelon::nn {
namespace {

/// LibTorch's own, whose log-probabilities are materialised.
at::Tensor reference(const at::Tensor& logits, const at::Tensor& targets, double label_smoothing) {
  return at::cross_entropy_loss(logits.reshape({-1, logits.size(-1)}), targets.reshape({-1}), /*weight=*/{},
                                at::Reduction::Sum, /*ignore_index=*/-100, label_smoothing);
}

class CrossEntropy : public testing::TestWithParam<std::tuple<at::ScalarType, double>> {};

TEST_P(CrossEntropy, EqualsLibTorch) {
  const auto [type, label_smoothing] = GetParam();
  const double tolerance = type == at::kDouble ? 1e-12 : type == at::kFloat ? 1e-5 : 1e-2;
  at::Tensor logits = (at::randn({5, 7, 11}) * 3).to(type).set_requires_grad(true);
  at::Tensor theirs =
      logits.detach().to(type == at::kBFloat16 ? at::kFloat : type).clone().set_requires_grad(true);
  const at::Tensor targets = at::randint(11, {5, 7}, at::kLong);

  const at::Tensor loss = cross_entropy(logits, targets, label_smoothing);
  const at::Tensor expected = reference(theirs, targets, label_smoothing);
  EXPECT_EQ(loss.dim(), 0);
  EXPECT_TRUE(at::allclose(loss, expected, tolerance)) << loss << expected;
  (loss * 0.3).backward();
  (expected * 0.3).backward();
  EXPECT_EQ(logits.grad().scalar_type(), type);
  EXPECT_TRUE(
      at::allclose(logits.grad().to(theirs.scalar_type()), theirs.grad(), tolerance, tolerance * 0.1));
}

INSTANTIATE_TEST_SUITE_P(Types, CrossEntropy,
                         testing::Combine(testing::Values(at::kFloat, at::kDouble, at::kBFloat16),
                                          testing::Values(0.0, 0.1)));

TEST_P(CrossEntropy, LeavesIgnoredTargetsOutAsLibTorchDoes) {
  const auto [type, label_smoothing] = GetParam();
  if (type == at::kBFloat16) return;
  const double tolerance = type == at::kDouble ? 1e-12 : 1e-5;
  const at::Tensor logits = (at::randn({9, 11}) * 3).to(type).set_requires_grad(true);
  const at::Tensor theirs = logits.detach().clone().set_requires_grad(true);
  at::Tensor targets = at::randint(11, {9}, at::kLong);
  targets[0] = targets[4] = targets[8] = -100;
  const at::Tensor loss = cross_entropy(logits, targets, label_smoothing, /*some_ignored=*/true);
  const at::Tensor expected = reference(theirs, targets, label_smoothing);
  EXPECT_TRUE(at::allclose(loss, expected, tolerance)) << loss << expected;
  loss.backward();
  expected.backward();
  EXPECT_TRUE(at::allclose(logits.grad(), theirs.grad(), tolerance, tolerance * 0.1));
  EXPECT_TRUE(logits.grad()[4].eq(0).all().item<bool>());
}

/// Rows of probabilities of which some are 0, as mixing makes them.
at::Tensor random_probabilities(at::IntArrayRef shape) {
  const at::Tensor weights = at::rand(shape, at::kDouble) * at::rand(shape, at::kDouble).gt(0.5);
  return (weights + 1e-9) / (weights + 1e-9).sum(-1, /*keepdim=*/true);
}

TEST_P(CrossEntropy, WithProbabilitiesEqualsLibTorch) {
  const auto [type, label_smoothing] = GetParam();
  const double tolerance = type == at::kDouble ? 1e-12 : type == at::kFloat ? 1e-5 : 1e-2;
  const at::ScalarType wide = type == at::kBFloat16 ? at::kFloat : type;
  at::Tensor logits = (at::randn({5, 7, 11}) * 3).to(type).set_requires_grad(true);
  at::Tensor theirs = logits.detach().to(wide).clone().set_requires_grad(true);
  const at::Tensor targets = random_probabilities({5, 7, 11}).to(wide);

  const at::Tensor loss = cross_entropy(logits, targets, label_smoothing);
  const at::Tensor expected = at::cross_entropy_loss(theirs.reshape({-1, 11}), targets.reshape({-1, 11}), {},
                                                     at::Reduction::Sum, -100, label_smoothing);
  EXPECT_EQ(loss.dim(), 0);
  EXPECT_TRUE(at::allclose(loss, expected, tolerance)) << loss << expected;
  (loss * 0.3).backward();
  (expected * 0.3).backward();
  EXPECT_EQ(logits.grad().scalar_type(), type);
  EXPECT_TRUE(at::allclose(logits.grad().to(wide), theirs.grad(), tolerance, tolerance * 0.1));
}

// -Σ q log softmax(logits) by hand, with probabilities that do not add up to 1, and its differences.
TEST(CrossEntropy, WithProbabilitiesFollowsItsFormula) {
  const auto formula = [](const at::Tensor& x, const at::Tensor& p) {
    double sum = 0;
    for (int64_t row = 0; row < x.size(0); ++row) {
      double normaliser = 0;
      for (int64_t c = 0; c < 4; ++c) normaliser += std::exp(x[row][c].item<double>());
      for (int64_t c = 0; c < 4; ++c) {
        const double smoothed = 0.8 * p[row][c].item<double>() + 0.2 / 4;
        sum -= smoothed * (x[row][c].item<double>() - std::log(normaliser));
      }
    }
    return sum;
  };
  at::Tensor logits = at::randn({3, 4}, at::kDouble).set_requires_grad(true);
  const at::Tensor targets = at::rand({3, 4}, at::kDouble);
  const at::Tensor loss = cross_entropy(logits, targets, 0.2);
  EXPECT_NEAR(loss.item<double>(), formula(logits.detach(), targets), 1e-12);
  loss.backward();
  for (int64_t place = 0; place < 12; ++place) {
    const at::Tensor step =
        at::zeros({12}, at::kDouble).index_fill(0, at::tensor({place}), 1e-5).view({3, 4});
    const double slope =
        (formula(logits.detach() + step, targets) - formula(logits.detach() - step, targets)) / 2e-5;
    EXPECT_NEAR(logits.grad().flatten()[place].item<double>(), slope, 1e-8);
  }
}

TEST(CrossEntropy, WithOneHotProbabilitiesIsThatOfClasses) {
  const at::Tensor logits = at::randn({6, 9}, at::kDouble), classes = at::randint(9, {6}, at::kLong);
  const at::Tensor soft = cross_entropy(logits, at::one_hot(classes, 9).to(at::kFloat), 0.1);
  EXPECT_NEAR(soft.item<double>(), cross_entropy(logits, classes, 0.1).item<double>(), 1e-12);
}

TEST(CrossEntropy, UniformLogitsCostLogOfClasses) {
  const at::Tensor loss = cross_entropy(at::zeros({4, 65}), at::zeros({4}, at::kLong), 0.2);
  EXPECT_NEAR(loss.item<double>(), 4 * std::log(65.0), 1e-5);
}

TEST(CrossEntropy, SurvivesLargeLogits) {
  const at::Tensor logits = at::full({1, 3}, 1e4).set_requires_grad(true);
  const at::Tensor loss = cross_entropy(logits, at::zeros({1}, at::kLong));
  EXPECT_NEAR(loss.item<double>(), std::log(3.0), 1e-3);
  loss.backward();
  EXPECT_TRUE(at::allclose(logits.grad(), at::tensor({-2. / 3, 1. / 3, 1. / 3}, at::kFloat).unsqueeze(0)));
}

TEST(CountCorrect, TopOneAndTopFive) {
  const at::Tensor logits = at::tensor({9., 8., 7., 6., 5., 4., 3.}, at::kFloat).expand({7, 7});
  const CorrectCounts counts = count_correct(logits, at::arange(7));
  EXPECT_EQ(counts.top1.item<int64_t>(), 1);
  EXPECT_EQ(counts.top5.item<int64_t>(), 5);
}

TEST(CountCorrect, IgnoredTargetsAreNeverCorrect) {
  const at::Tensor logits = at::tensor({9., 8., 7.}, at::kFloat).expand({4, 3});
  const CorrectCounts counts = count_correct(logits, at::tensor({0, -100, 2, -100}), /*some_ignored=*/true);
  EXPECT_EQ(counts.top1.item<int64_t>(), 1);
  EXPECT_EQ(counts.top5.item<int64_t>(), 2);
}

TEST(CountCorrect, EqualScoresAreNotAllCorrect) {
  const CorrectCounts counts = count_correct(at::zeros({2, 5, 10}), at::arange(10).reshape({2, 5}));
  EXPECT_EQ(counts.top1.item<int64_t>(), 1);
  EXPECT_EQ(counts.top5.item<int64_t>(), 5);
}

TEST(CountCorrect, NotANumberIsNeverCorrect) {
  EXPECT_EQ(count_correct(at::full({3, 10}, NAN), at::zeros({3}, at::kLong)).top1.item<int64_t>(), 0);
}

TEST(NumberLoss, FollowsItsFormula) {
  const at::Tensor targets = at::tensor({1.0, 2.0, 3.0, 10.0}, at::kDouble);
  const at::Tensor outputs = at::tensor({1.5, 2.0, 0.0, 4.0}, at::kDouble).unsqueeze(1).requires_grad_();
  // The errors are 0.5, 0, -3 and -6.
  const LossOptions squared{.kind = LossKind::kSquaredError},
      huber{.kind = LossKind::kHuber, .huber_delta = 2};
  EXPECT_DOUBLE_EQ(loss_sum(outputs, targets, squared).item<double>(), 0.25 + 9 + 36);
  const at::Tensor loss = loss_sum(outputs, targets, huber);
  EXPECT_DOUBLE_EQ(loss.item<double>(), 0.125 + 2 * (3 - 1) + 2 * (6 - 1));
  loss.backward();
  EXPECT_TRUE(outputs.grad().equal(at::tensor({0.5, 0.0, -2.0, -2.0}, at::kDouble).unsqueeze(1)));
}

TEST(NumberLoss, SumsOfMetrics) {
  const at::Tensor targets = at::tensor({1.0F, 2.0F, 6.0F});
  const at::Tensor sums = number_sums(at::tensor({1.5F, 2.0F, 3.0F}).unsqueeze(1), targets, 2);
  EXPECT_TRUE(sums.equal(at::tensor({0.25 + 9, 0.5 + 3, -1 + 0 + 4.0, 1 + 0 + 16.0, 3.0}, at::kDouble)));
}

}  // namespace
}  // namespace echelon::nn
