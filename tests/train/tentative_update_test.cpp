#include "train/tentative_update.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/format.h"

namespace echelon::train {
namespace {

constexpr int64_t kMuchMemory = int64_t{1} << 40;
constexpr double kRate = 0.01;

/// An optimizer in its third step, of several parts.
struct Subject {
  std::vector<at::Tensor> parameters, gradients;
  std::unique_ptr<optim::Optimizer> optimizer;

  explicit Subject(const std::string& name) {
    optim::ParameterGroup group;
    for (const int64_t rows : {5000, 3000, 1, 6000, 2000}) {
      const double offset = 0.1 * static_cast<double>(parameters.size());
      parameters.push_back(
          at::arange(rows * 1000, at::kFloat).mul_(1e-3).add_(offset).sin_().view({rows, 1000}));
      gradients.push_back(
          at::arange(rows * 1000, at::kFloat).mul_(3e-3).add_(offset).cos_().view({rows, 1000}));
      group.names.push_back(str_format("p{}", parameters.size()));
    }
    group.parameters = parameters;
    group.gradients = gradients;
    optim::OptimizerSettings settings;
    settings.name = name;
    settings.momentum = 0.9;
    optimizer = optim::make_optimizer(settings, {group});
    optimizer->step(kRate);
    optimizer->step(kRate);
  }

  std::vector<at::Tensor> values() const {
    std::vector<at::Tensor> all;
    for (const at::Tensor& parameter : parameters) all.push_back(parameter.clone());
    for (const auto& [state_name, tensor] : optimizer->state()) all.push_back(tensor.clone());
    return all;
  }
};

void expect_equal(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_TRUE(at::equal(actual[i], expected[i])) << i;
}

class TentativeUpdateOf : public testing::TestWithParam<std::string> {};

TEST_P(TentativeUpdateOf, AnyNumberOfPartsIsTheSameAsAStep) {
  Subject expected(GetParam());
  expected.optimizer->step(kRate);
  const size_t parts = expected.optimizer->parts();
  ASSERT_GT(parts, 2);
  for (size_t early = 0; early <= parts; ++early) {
    Subject actual(GetParam());
    TentativeUpdate update(*actual.optimizer, kRate);
    for (size_t i = 0; i < early; ++i) EXPECT_TRUE(update.advance(kMuchMemory));
    EXPECT_EQ(update.parts_done(), early);
    if (early == parts) {
      EXPECT_FALSE(update.advance(kMuchMemory));
    }
    update.finish();
    expect_equal(actual.values(), expected.values());
  }
}

TEST_P(TentativeUpdateOf, IsTakenBackToTheBit) {
  Subject subject(GetParam());
  const auto before = subject.values();
  TentativeUpdate update(*subject.optimizer, kRate);
  while (update.advance(kMuchMemory)) continue;
  EXPECT_FALSE(at::equal(subject.parameters.back(), before[subject.parameters.size() - 1]));
  update.undo();
  expect_equal(subject.values(), before);

  // As after clipping.
  Subject expected(GetParam());
  for (Subject* each : {&subject, &expected}) {
    for (const at::Tensor& gradient : each->gradients) gradient.mul_(0.25);
  }
  update.finish();
  expected.optimizer->step(kRate);
  expect_equal(subject.values(), expected.values());
}

TEST_P(TentativeUpdateOf, KeepsNoMoreThanItMay) {
  Subject subject(GetParam());
  const auto before = subject.values();
  TentativeUpdate update(*subject.optimizer, kRate);
  EXPECT_FALSE(update.advance(1000));
  expect_equal(subject.values(), before);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, TentativeUpdateOf, testing::Values("sgd", "adam", "adamw"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace echelon::train
