#include "optim/optimizer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/error.h"
#include "optim/golden.h"

namespace echelon::optim {
namespace {

constexpr int kSteps = 10;

struct Case {
  std::string name;
  OptimizerSettings settings;
};

std::vector<Case> cases() {
  std::vector<Case> all(5);
  all[0] = {"sgd", {}};
  all[1] = {"sgd_momentum", {}};
  all[1].settings.momentum = 0.9;
  all[2] = {"sgd_nesterov", {}};
  all[2].settings.momentum = 0.8;
  all[2].settings.nesterov = true;
  all[3] = {"adam", {}};
  all[4] = {"adamw", {}};
  for (Case& c : all) {
    const bool adam = c.name.starts_with("adam");
    c.settings.name = adam ? c.name : "sgd";
    c.settings.lr = adam ? 0.01 : 0.1;
    c.settings.beta2 = 0.99;
    c.settings.eps = 1e-7;
    c.settings.weight_decay = 0.1;
  }
  return all;
}

/// A weight that decays and a bias that does not, both with their gradients views of one flat buffer.
struct Model {
  at::Tensor weight, bias, flat_gradient;

  explicit Model(at::ScalarType type)
      : weight(golden().view("initial.weight").to(type, false, true).requires_grad_()),
        bias(golden().view("initial.bias").to(type, false, true).requires_grad_()),
        flat_gradient(at::zeros({42}, type)) {}

  std::vector<ParameterGroup> groups() const {
    return {{.names = {"weight"},
             .parameters = {weight},
             .gradients = {flat_gradient.narrow(0, 0, 35).view({5, 7})}},
            {.names = {"bias"},
             .parameters = {bias},
             .gradients = {flat_gradient.narrow(0, 35, 7)},
             .decay = false}};
  }

  void run(Optimizer& optimizer, const OptimizerSettings& settings, int first, int last) {
    for (int step = first; step < last; ++step) {
      flat_gradient.narrow(0, 0, 35).copy_(golden().view("gradient.weight")[step].flatten());
      flat_gradient.narrow(0, 35, 7).copy_(golden().view("gradient.bias")[step]);
      optimizer.step(settings.lr * (1 - 0.05 * step));
    }
  }
};

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(Optimizer, TenStepsAgreeWithTorch) {
  for (const auto& [type, label, tolerance] :
       {std::tuple(at::kFloat, "f32", 1e-6), std::tuple(at::kDouble, "f64", 1e-12)}) {
    for (const Case& c : cases()) {
      SCOPED_TRACE(c.name + " " + label);
      Model model(type);
      const auto optimizer = make_optimizer(c.settings, model.groups());
      model.run(*optimizer, c.settings, 0, kSteps);
      const std::string prefix = c.name + "." + label;
      EXPECT_LT(relative_difference(model.weight, golden().view(prefix + ".weight")), tolerance);
      EXPECT_LT(relative_difference(model.bias, golden().view(prefix + ".bias")), tolerance);
      EXPECT_EQ(optimizer->steps_done(), kSteps);
    }
  }
}

TEST(Optimizer, ContinuesFromItsStateBitForBit) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    Model whole(at::kFloat);
    const auto never_stopped = make_optimizer(c.settings, whole.groups());
    whole.run(*never_stopped, c.settings, 0, kSteps);

    Model first(at::kFloat);
    const auto stopped = make_optimizer(c.settings, first.groups());
    first.run(*stopped, c.settings, 0, 4);
    State stored;
    for (const auto& [name, tensor] : stopped->state()) stored[name] = tensor.clone();

    Model second(at::kFloat);
    second.weight.detach().copy_(first.weight);
    second.bias.detach().copy_(first.bias);
    const auto resumed = make_optimizer(c.settings, second.groups());
    resumed->load_state(stored);
    EXPECT_EQ(resumed->steps_done(), 4);
    second.run(*resumed, c.settings, 4, kSteps);
    EXPECT_TRUE(at::equal(second.weight, whole.weight));
    EXPECT_TRUE(at::equal(second.bias, whole.bias));
  }
}

std::vector<std::string> names_of(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  return names;
}

TEST(Optimizer, StateIsNamedByParameter) {
  using testing::ElementsAre;
  const Model model(at::kFloat);
  const std::vector<Case> all = cases();
  EXPECT_THAT(names_of(make_optimizer(all[0].settings, model.groups())->state()),
              ElementsAre("optimizer.step"));
  EXPECT_THAT(
      names_of(make_optimizer(all[1].settings, model.groups())->state()),
      ElementsAre("optimizer.momentum_buffer.bias", "optimizer.momentum_buffer.weight", "optimizer.step"));
  EXPECT_THAT(names_of(make_optimizer(all[4].settings, model.groups())->state()),
              ElementsAre("optimizer.exp_avg.bias", "optimizer.exp_avg.weight", "optimizer.exp_avg_sq.bias",
                          "optimizer.exp_avg_sq.weight", "optimizer.step"));
}

TEST(Optimizer, RefusesForeignState) {
  const Model model(at::kFloat);
  const std::vector<Case> all = cases();
  const auto adamw = make_optimizer(all[4].settings, model.groups());
  const auto sgd = make_optimizer(all[0].settings, model.groups());
  EXPECT_THROW(adamw->load_state(sgd->state()), CheckpointError);
  EXPECT_THROW(sgd->load_state(adamw->state()), CheckpointError);
  State state = adamw->state();
  state["optimizer.exp_avg.bias"] = at::zeros({8});
  EXPECT_THROW(adamw->load_state(state), CheckpointError);
  state["optimizer.exp_avg.bias"] = at::zeros({7}, at::kDouble);
  EXPECT_THROW(adamw->load_state(state), CheckpointError);
}

TEST(Optimizer, RefusesGradientsLaidOutOtherwise) {
  const at::Tensor parameter = at::zeros({4, 6});
  const auto make = [&](const at::Tensor& gradient) {
    make_optimizer({}, {{.names = {"w"}, .parameters = {parameter}, .gradients = {gradient}}});
  };
  EXPECT_THROW(make(at::zeros({6, 4}).t()), InternalError);
  EXPECT_THROW(make(at::zeros({4, 6}, at::kDouble)), InternalError);
  EXPECT_THROW(make(at::zeros({24})), InternalError);
  EXPECT_NO_THROW(make(at::zeros({4, 6})));
  EXPECT_THROW(
      make_optimizer(
          {},
          {{.names = {"w", "w"}, .parameters = {parameter, parameter}, .gradients = {parameter, parameter}}}),
      InternalError);
}

// A channels-last convolution weight is dense but not contiguous; its state must follow its strides.
TEST(Optimizer, FollowsTheStridesOfParameters) {
  const at::Tensor values = at::arange(48, at::kFloat).reshape({2, 3, 2, 4});
  const auto run = [&](at::MemoryFormat format) {
    const at::Tensor parameter = values.clone(format);
    const at::Tensor gradient = (values - 20).contiguous(format);
    const auto optimizer =
        make_optimizer({}, {{.names = {"w"}, .parameters = {parameter}, .gradients = {gradient}}});
    for (int step = 0; step < 3; ++step) optimizer->step(0.1);
    EXPECT_EQ(optimizer->state().at("optimizer.exp_avg.w").strides(), parameter.strides());
    return parameter;
  };
  EXPECT_TRUE(at::equal(run(at::MemoryFormat::Contiguous), run(at::MemoryFormat::ChannelsLast)));
}

}  // namespace
}  // namespace echelon::optim
