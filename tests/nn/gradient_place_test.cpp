// Where gradients lie that are computed apart: GradientPlace.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "nn/micro_batch.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

/// Says where a gradient is to lie.
struct Place : GradientPlace {
  explicit Place(const at::Tensor& parameter)
      : memory(at::full_like(parameter, NAN, parameter.options().requires_grad(false))) {}
  void operator()(const at::Tensor&) override { ++calls; }
  const at::Tensor& place() const override { return memory; }
  bool is_final() const override { return final; }

  at::Tensor memory;
  bool final = false;
  int calls = 0;
};

class GradientPlaces : public testing::TestWithParam<SubjectCase> {};

TEST_P(GradientPlaces, HoldTheGradientsFromTheFirstMicroBatch) {
  const Subject plain = GetParam().make(kFloat64), split = GetParam().make(kFloat64);
  std::vector<Place*> places;
  for (const at::Tensor& parameter : split.parameters) {
    auto place = std::make_unique<Place>(parameter);
    places.push_back(place.get());
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::move(place));
  }
  using When = DeferredGradients::When;
  const std::vector<When> micro_batches{When::kAtOnce, When::kLater, When::kAtOnce, When::kLater};
  for (size_t i = 0; i < micro_batches.size(); ++i) {
    const auto kind = static_cast<double>(i);
    MicroBatch(GetParam(), plain, kFloat64, kind, false).backward();
    if (i == 2) {  // from here on each lies as its parameter
      for (size_t p = 0; p < places.size(); ++p) {
        places[p]->final = true;
        settle_gradient(split.parameters[p]);
      }
    }
    const auto deferred = std::make_shared<DeferredGradients>(micro_batches[i]);
    at::Tensor output;
    {
      const DeferredGradients::Recording recording(deferred);
      output = split.run(input_of(GetParam(), kFloat64, kind), kTraining);
    }
    output.backward(output_gradient(output, kind));
    deferred->run();
    for (size_t p = 0; p < places.size(); ++p) {
      const at::Tensor& gradient = split.parameters[p].grad();
      if (!gradient.defined()) continue;
      EXPECT_EQ(gradient.data_ptr(), places[p]->memory.data_ptr()) << "parameter " << p;
      EXPECT_GT(places[p]->calls, 0);
      if (i >= 2) {
        EXPECT_TRUE(gradient.is_same(places[p]->memory));
      }
    }
  }
  expect_same_gradients(split.parameters, plain.parameters, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Subjects, GradientPlaces, testing::ValuesIn(subject_cases()),
                         [](const auto& info) { return info.param.name; });

TEST(AccumulateProduct, LaysATallGradientByColumnsUntilItIsSettled) {
  const at::Tensor parameter = at::zeros({6, 2}, kFloat64).set_requires_grad(true);
  auto hook = std::make_unique<Place>(parameter);
  Place& place = *hook;
  torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::move(hook));
  const at::Tensor a = numbers({6, 3}, kFloat64, 1), b = numbers({3, 2}, kFloat64, 2);
  accumulate_product(parameter, a, b);
  EXPECT_EQ(parameter.grad().strides(), at::IntArrayRef({1, 6}));
  accumulate_product(parameter, a, b);
  accumulate_gradient(parameter, at::ones({6, 2}, kFloat64));
  const at::Tensor expected = 2 * a.mm(b) + 1;
  expect_same(parameter.grad(), expected, 1e-14, "by columns");
  settle_gradient(parameter);
  expect_same(place.memory, expected, 1e-14, "settled");
  accumulate_product(parameter, a, b);
  expect_same(place.memory, expected + a.mm(b), 1e-14, "later");
}

TEST(AccumulateProduct, OneColumnLiesByColumnsAsItIsToLie) {
  const at::Tensor parameter = at::zeros({6, 1}, kFloat64).set_requires_grad(true);
  auto hook = std::make_unique<Place>(parameter);
  Place& place = *hook;
  torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::move(hook));
  const at::Tensor a = numbers({6, 3}, kFloat64, 1), b = numbers({3, 1}, kFloat64, 2);
  accumulate_product(parameter, a, b);
  settle_gradient(parameter);
  EXPECT_TRUE(parameter.grad().is_same(place.memory));
  expect_same(place.memory, a.mm(b), 1e-14, "settled");
}

}  // namespace
}  // namespace echelon::nn
