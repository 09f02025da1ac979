#include "nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <thread>

#include "comm/local/local.h"
#include "nn/functional/testing.h"
#include "nn/live_bytes.h"
#include "nn/subjects.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using Tensors = std::vector<at::Tensor>;

const at::TensorOptions kFloat64 = at::TensorOptions().dtype(at::kDouble);
const Context kTraining{.training = true};

at::Tensor recomputed(const Subject& subject, const at::Tensor& input, const Context& context = kTraining) {
  const Computation run = [&subject, context](at::TensorList inputs, bool again) {
    Context inner = context;
    inner.recomputing = again;
    return Tensors{subject.run(inputs[0], inner)};
  };
  return recompute(run, input, subject.parameters)[0];
}

struct Gradients {
  at::Tensor output, input;
  Tensors parameters;
};

Gradients gradients_of(const Subject& subject, const at::Tensor& input, const at::Tensor& output) {
  output.backward(numbers(output.sizes(), output.options(), 0.3));
  Gradients gradients{output.detach(), input.grad(), {}};
  for (const at::Tensor& parameter : subject.parameters) gradients.parameters.push_back(parameter.grad());
  return gradients;
}

void expect_equal(const Gradients& actual, const Gradients& expected) {
  EXPECT_TRUE(at::equal(actual.output, expected.output)) << "output";
  ASSERT_EQ(actual.input.defined(), expected.input.defined());
  if (expected.input.defined()) {
    EXPECT_TRUE(at::equal(actual.input, expected.input)) << "input";
  }
  for (size_t i = 0; i < expected.parameters.size(); ++i) {
    EXPECT_TRUE(at::equal(actual.parameters[i], expected.parameters[i])) << "parameter " << i;
  }
}

class Recomputed : public testing::TestWithParam<SubjectCase> {
 protected:
  Gradients plain(at::ScalarType type) const {
    const Subject subject = GetParam().make(type);
    const at::Tensor input = input_of(GetParam(), type, 0);
    return gradients_of(subject, input, subject.run(input, kTraining));
  }
  Gradients again(at::ScalarType type) const {
    const Subject subject = GetParam().make(type);
    const at::Tensor input = input_of(GetParam(), type, 0);
    return gradients_of(subject, input, recomputed(subject, input));
  }
};

TEST_P(Recomputed, GradientsAreEqualToTheBit) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) expect_equal(again(type), plain(type));
}

TEST_P(Recomputed, AutocastIsThatOfTheFirstRun) {
  const auto run = [&](bool recompute) {
    const Subject subject = GetParam().make(at::kFloat);
    const at::Tensor input = input_of(GetParam(), at::kFloat, 0);
    at::Tensor output;
    {
      const Bf16Products products;
      output = recompute ? recomputed(subject, input) : subject.run(input, kTraining);
    }
    return gradients_of(subject, input, output);
  };
  expect_equal(run(true), run(false));
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

/// Without recomputation.
int64_t bytes_put_off(const SubjectCase& c) {
  const Subject subject = c.make(kFloat64);
  const at::Tensor input = input_of(c, kFloat64, 0);
  const auto deferred = std::make_shared<DeferredGradients>();
  const DeferredGradients::Recording recording(deferred);
  gradients_of(subject, input, subject.run(input, kTraining));
  return deferred->bytes_held();
}

TEST_P(Recomputed, WeightGradientsArePutOff) {
  const Subject subject = GetParam().make(kFloat64);
  const at::Tensor input = input_of(GetParam(), kFloat64, 0);
  const auto deferred = std::make_shared<DeferredGradients>();
  at::Tensor output;
  {
    const DeferredGradients::Recording recording(deferred);
    output = recomputed(subject, input);
  }
  EXPECT_EQ(deferred->size(), 0);
  Gradients actual;
  std::thread([&] { actual = gradients_of(subject, input, output); }).join();
  for (const at::Tensor& parameter : subject.parameters) EXPECT_FALSE(parameter.grad().defined());
  EXPECT_EQ(deferred->bytes_held(), bytes_put_off(GetParam()));
  deferred->run();
  actual.parameters.clear();
  for (const at::Tensor& parameter : subject.parameters) actual.parameters.push_back(parameter.grad());
  expect_equal(actual, plain(at::kDouble));
}

INSTANTIATE_TEST_SUITE_P(Subjects, Recomputed, testing::ValuesIn(subject_cases()),
                         [](const auto& info) { return info.param.name; });

constexpr int64_t kWidth = 64, kTime = 32;

Subject block(int64_t number, double dropout = 0) {
  const TransformerOptions options{.width = kWidth, .heads = 2, .mlp_width = 4 * kWidth, .dropout = dropout};
  Subject subject = layer_subject<TransformerBlock>(kFloat64, options);
  for (const at::Tensor& parameter : subject.parameters) parameter.detach().mul_(0.1);
  const std::string name = "block." + std::to_string(number);
  return {subject.parameters, [name, run = subject.run](const at::Tensor& x, const Context& context) {
            return run(x, context.child(name));
          }};
}

/// What blocks one after the other hold between forward and backward, and their gradients.
struct Chained {
  int64_t held;
  Gradients gradients;
};

Chained run_chain(bool recompute, double dropout) {
  std::vector<Subject> blocks;
  Subject all;
  for (int64_t i = 0; i < 4; ++i) {
    blocks.push_back(block(i, dropout));
    all.parameters.insert(all.parameters.end(), blocks[i].parameters.begin(), blocks[i].parameters.end());
  }
  const Context context{.training = true, .random = {.key = 5}};
  const at::Tensor input = numbers({2, kTime, kWidth}, kFloat64, 0).set_requires_grad(true);
  const LiveBytes live;
  at::Tensor x = input;
  for (const Subject& block : blocks) x = recompute ? recomputed(block, x, context) : block.run(x, context);
  const int64_t held = live.now();
  return {held, gradients_of(all, input, x)};
}

TEST(Recompute, KeepsTheInputsAlone) {
  const Chained plain = run_chain(false, 0), again = run_chain(true, 0);
  expect_equal(again.gradients, plain.gradients);
  const int64_t activation = 2 * kTime * kWidth * 8;
  EXPECT_EQ(again.held, 4 * activation);  // three inputs besides the first, and the output
  EXPECT_GT(plain.held,
            32 * activation);  // a block keeps its 3-fold and two 4-fold wide activations and more
}

TEST(Recompute, DropoutDrawsTheSame) {
  const Chained plain = run_chain(false, 0.2), again = run_chain(true, 0.2);
  expect_equal(again.gradients, plain.gradients);
  EXPECT_FALSE(at::equal(plain.gradients.output, run_chain(false, 0).gradients.output));
}

struct Normed {
  Gradients gradients;
  Tensors statistics;
};

Normed run_norm(bool recompute, Communicator* communicator) {
  const auto norm = std::make_shared<BatchNorm>(BuildOptions{kFloat64, 1, {}, ""}, 3);
  Subject subject;
  for (const Parameter& parameter : norm->parameters()) subject.parameters.push_back(parameter.tensor);
  subject.run = [norm](const at::Tensor& x, const Context& context) { return norm->apply(x, context); };
  const Context context{.training = true, .communicator = communicator};
  const at::Tensor input = numbers({4, 3, 5, 6}, kFloat64, 0).set_requires_grad(true);
  const at::Tensor output = recompute ? recomputed(subject, input, context) : subject.run(input, context);
  Normed result{gradients_of(subject, input, output), {}};
  for (const Buffer& buffer : norm->buffers()) result.statistics.push_back(buffer.tensor);
  return result;
}

void expect_statistics_updated_once(Communicator* communicator) {
  const Normed plain = run_norm(false, communicator), again = run_norm(true, communicator);
  expect_equal(again.gradients, plain.gradients);
  EXPECT_TRUE(at::equal(again.statistics[0], plain.statistics[0]));
  EXPECT_TRUE(at::equal(again.statistics[1], plain.statistics[1]));
}

TEST(Recompute, BatchNormUpdatesItsStatisticsOnce) {
  expect_statistics_updated_once(nullptr);
  run_ranks(2, [](Communicator& communicator) { expect_statistics_updated_once(&communicator); });
}

TEST(Recompute, RunsOnceWhereNoGradientsAreRecorded) {
  std::vector<bool> runs;
  const Computation run = [&](at::TensorList inputs, bool again) {
    runs.push_back(again);
    return Tensors{inputs[0] * 2};
  };
  const at::NoGradGuard no_gradient;
  const at::Tensor output = recompute(run, numbers({3}, kFloat64, 0).set_requires_grad(true), {})[0];
  EXPECT_EQ(runs, std::vector<bool>{false});
  EXPECT_TRUE(at::equal(output, numbers({3}, kFloat64, 0) * 2));
}

TEST(Recompute, OutputsMayBeInputsIntegersOrUnused) {
  const at::Tensor x = numbers({3}, kFloat64, 0).set_requires_grad(true);
  const at::Tensor w = numbers({3}, kFloat64, 1).set_requires_grad(true);
  const at::Tensor places = at::tensor({2, 0, 1}, at::kLong);
  const Computation run = [&](at::TensorList in, bool) {
    return Tensors{in[0], in[1], in[0].index_select(0, in[1]) * w, in[0].exp() * w, w.detach() * 2};
  };
  const Tensors out = recompute(run, {x, places}, w);
  EXPECT_TRUE(at::equal(out[1], places));
  EXPECT_FALSE(out[1].requires_grad());
  (3 * out[0] + out[2] * out[4]).sum().backward();  // out[3] is unused, out[4] has no gradient inside
  // places is a permutation p: of Σ 3·x + x[p]·w·2w, where one factor w is constant.
  const at::Tensor xs = x.detach(), ws = w.detach();
  EXPECT_TRUE(at::allclose(x.grad(), 3 + at::zeros({3}, kFloat64).index_add(0, places, 2 * ws * ws), 1e-14));
  EXPECT_TRUE(at::allclose(w.grad(), 2 * xs.index_select(0, places) * ws, 1e-14));
}

TEST(Recompute, NestsAndConnectsWhereOnlyParametersNeedGradients) {
  const at::Tensor x = numbers({3}, kFloat64, 0), w = numbers({3}, kFloat64, 1).set_requires_grad(true);
  const Computation inner = [&](at::TensorList in, bool) { return Tensors{(in[0] * w).exp()}; };
  const Computation outer = [&](at::TensorList in, bool) {
    return recompute(inner, recompute(inner, in, w), w);
  };
  const at::Tensor y = recompute(outer, x, w)[0];
  y.sum().backward();
  const at::Tensor v = w.detach().clone().set_requires_grad(true);
  ((x * v).exp() * v).exp().sum().backward();
  EXPECT_TRUE(at::allclose(w.grad(), v.grad(), 1e-13));
}

// The cache of converted weights is cleared where autocast ends, so after backward nobody would.
TEST(Recompute, LeavesNoWeightsInAutocastsCache) {
  const at::Tensor x = numbers({4, 8}, at::kFloat, 0);
  const at::Tensor w = numbers({8, 8}, at::kFloat, 1).set_requires_grad(true);
  const auto product = [&] {
    const Bf16Products products;
    return recompute([&](at::TensorList in, bool) { return Tensors{at::linear(in[0], w)}; }, x, w)[0];
  };
  product().sum().backward();
  w.detach().mul_(2);  // the optimizer
  const Bf16Products products;
  EXPECT_TRUE(at::equal(at::linear(x, w), at::linear(x.to(at::kBFloat16), w.to(at::kBFloat16))));
}

struct CountingHook : torch::autograd::PostAccumulateGradHook {
  explicit CountingHook(int& calls) : calls(calls) {}
  void operator()(const at::Tensor&) override { ++calls; }
  int& calls;
};

TEST(Recompute, ATiedWeightCallsItsHookOnce) {
  const at::Tensor x = numbers({3}, kFloat64, 0), w = numbers({3}, kFloat64, 1).set_requires_grad(true);
  int calls = 0;
  torch::autograd::impl::set_post_acc_grad_hooks(w, std::make_unique<CountingHook>(calls));
  const Computation run = [&](at::TensorList in, bool) { return Tensors{in[0] * w}; };
  const at::Tensor once = recompute(run, x, {w, w})[0];
  (recompute(run, once, w)[0] * w).sum().backward();  // x·w³
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(at::allclose(w.grad(), 3 * x * w.detach().square(), 1e-14));
}

TEST(Recompute, InputsChangedInPlaceAreRefused) {
  const at::Tensor x = numbers({3}, kFloat64, 0), w = numbers({3}, kFloat64, 1).set_requires_grad(true);
  const at::Tensor y = recompute([&](at::TensorList in, bool) { return Tensors{in[0] * w}; }, x, w)[0];
  x.add_(1);
  EXPECT_THROW(y.sum().backward(), c10::Error);
}

}  // namespace
}  // namespace echelon::nn
