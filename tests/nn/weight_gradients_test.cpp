#include "nn/weight_gradients.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <map>
#include <thread>

#include "models/registry.h"
#include "nn/functional/embedding.h"
#include "nn/functional/testing.h"
#include "nn/live_bytes.h"
#include "nn/meta_kernels.h"
#include "nn/micro_batch.h"

namespace echelon::nn {
namespace {

class SplitBackward : public testing::TestWithParam<SubjectCase> {
 protected:
  Subject subject(const at::TensorOptions& options) const { return GetParam().make(options); }
};

TEST_P(SplitBackward, HalvesTogetherEqualAutogradToTheBit) {
  const Subject plain = subject(kFloat64), split = subject(kFloat64);
  MicroBatch expected(GetParam(), plain, kFloat64, 0, false), actual(GetParam(), split, kFloat64, 0, true);
  expect_same(actual.output, expected.output, 0, "output");
  EXPECT_EQ(actual.deferred->size(), 0);

  expected.backward();
  actual.backward();
  expect_same(actual.input.grad(), expected.input.grad(), 0, "input");
  expect_no_gradients(split.parameters);
  EXPECT_GT(actual.deferred->size(), 0);
  EXPECT_GT(actual.deferred->bytes_held(), 0);

  actual.deferred->run();
  expect_same_gradients(split.parameters, plain.parameters, 0);
  EXPECT_EQ(actual.deferred->size(), 0);
  EXPECT_EQ(actual.deferred->bytes_held(), 0);
}

TEST_P(SplitBackward, AtOnceIsTheSameWithoutASecondHalf) {
  const Subject plain = subject(kFloat64), split = subject(kFloat64);
  MicroBatch expected(GetParam(), plain, kFloat64, 0, false);
  const at::Tensor input = input_of(GetParam(), kFloat64, 0);
  const auto deferred = std::make_shared<DeferredGradients>(DeferredGradients::When::kAtOnce);
  at::Tensor output;
  {
    const DeferredGradients::Recording recording(deferred);
    output = split.run(input, kTraining);
  }
  expected.backward();
  output.backward(output_gradient(output, 0));
  EXPECT_EQ(deferred->size(), 0);
  expect_same(input.grad(), expected.input.grad(), 0, "input");
  // A parameter that is used twice has its gradients added in another order.
  expect_same_gradients(split.parameters, plain.parameters, 1e-14);
}

/// Three micro-batches, their weight halves in another order than their input halves.
void expect_sums(const SubjectCase& c, const at::TensorOptions& options, double tolerance,
                 const std::function<void(const std::function<void()>&)>& forward_scope) {
  const Subject plain = c.make(options), split = c.make(options);
  std::vector<MicroBatch> expected, actual;
  forward_scope([&] {
    for (const double kind : {0.0, 1.0, 2.0}) {
      expected.emplace_back(c, plain, options, kind, false);
      actual.emplace_back(c, split, options, kind, true);
    }
  });
  for (MicroBatch& batch : expected) batch.backward();
  actual[0].backward();
  actual[1].backward();
  actual[1].deferred->run();
  actual[2].backward();
  actual[0].deferred->run();
  actual[2].deferred->run();
  for (size_t i = 0; i < actual.size(); ++i)
    expect_same(actual[i].input.grad(), expected[i].input.grad(), tolerance, "input");
  expect_same_gradients(split.parameters, plain.parameters, tolerance);
}

void at_once(const std::function<void()>& body) {
  body();
}

TEST_P(SplitBackward, MicroBatchesAddUp) {
  expect_sums(GetParam(), kFloat64, 1e-12, at_once);
}

TEST_P(SplitBackward, MicroBatchesAddUpInFloat32) {
  expect_sums(GetParam(), at::TensorOptions().dtype(at::kFloat), 1e-5, at_once);
}

TEST_P(SplitBackward, MicroBatchesAddUpWithBfloat16Products) {
  expect_sums(GetParam(), at::TensorOptions().dtype(at::kFloat), 2e-2, [](const auto& forward) {
    const Bf16Products products;
    forward();
  });
}

TEST_P(SplitBackward, BackwardMayRunOnAnotherThread) {
  const Subject plain = subject(kFloat64), split = subject(kFloat64);
  MicroBatch expected(GetParam(), plain, kFloat64, 0, false), actual(GetParam(), split, kFloat64, 0, true);
  expected.backward();
  std::thread([&] { actual.backward(); }).join();
  expect_no_gradients(split.parameters);
  actual.deferred->run();
  expect_same_gradients(split.parameters, plain.parameters, 0);
}

TEST_P(SplitBackward, TheWeightHalfReleasesWhatItHolds) {
  const Subject split = subject(kFloat64);
  const LiveBytes live;
  {
    MicroBatch warm(GetParam(), split, kFloat64, 0, true);
    warm.backward();
    warm.deferred->run();
  }
  const int64_t before = live.now();  // with the gradients
  const auto deferred = [&] {
    MicroBatch batch(GetParam(), split, kFloat64, 1, true);
    batch.backward();
    return batch.deferred;
  }();
  EXPECT_EQ(live.now() - before, deferred->bytes_held());  // no graph is left
  deferred->run();
  EXPECT_EQ(live.now(), before);
}

TEST_P(SplitBackward, RunsWithoutData) {
  register_meta_kernels();
  const at::TensorOptions meta = kFloat64.device(at::kMeta);
  const Subject split = subject(meta);
  for (const double kind : {0.0, 1.0}) {
    const at::Tensor input = input_of(GetParam(), kFloat64, kind).detach().to(at::kMeta);
    const auto deferred = std::make_shared<DeferredGradients>();
    at::Tensor output;
    {
      const DeferredGradients::Recording recording(deferred);
      output = split.run(input, kTraining);
    }
    output.backward(at::empty_like(output));
    deferred->run();
  }
  for (const at::Tensor& parameter : split.parameters) EXPECT_EQ(parameter.grad().sizes(), parameter.sizes());
}

INSTANTIATE_TEST_SUITE_P(Subjects, SplitBackward, testing::ValuesIn(subject_cases()),
                         [](const auto& info) { return info.param.name; });

/// Moves the gradient to a place of its own, as gradient buckets do.
struct MovingHook : torch::autograd::PostAccumulateGradHook {
  explicit MovingHook(at::Tensor place) : place(std::move(place)) {}
  void operator()(const at::Tensor& parameter) override {
    ++calls;
    if (parameter.grad().is_same(place)) return;
    place.copy_(parameter.grad());
    parameter.mutable_grad() = place;
  }
  at::Tensor place;
  int calls = 0;
};

MovingHook& set_hook(const at::Tensor& parameter) {
  auto hook = std::make_unique<MovingHook>(at::zeros_like(parameter).detach());
  MovingHook& reference = *hook;
  torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::move(hook));
  return reference;
}

TEST_P(SplitBackward, CallsAHookOnceAMicroBatch) {
  const Subject plain = subject(kFloat64), split = subject(kFloat64);
  std::vector<MovingHook*> hooks;
  for (const at::Tensor& parameter : split.parameters) hooks.push_back(&set_hook(parameter));
  for (const double kind : {0.0, 1.0}) {
    MicroBatch expected(GetParam(), plain, kFloat64, kind, false);
    MicroBatch actual(GetParam(), split, kFloat64, kind, true);
    expected.backward();
    actual.backward();
    for (const MovingHook* hook : hooks) EXPECT_EQ(hook->calls, static_cast<int>(kind));
    actual.deferred->run();
  }
  expect_same_gradients(split.parameters, plain.parameters, 1e-12);
  for (size_t i = 0; i < hooks.size(); ++i) {
    EXPECT_EQ(hooks[i]->calls, 2);
    EXPECT_TRUE(split.parameters[i].grad().is_same(hooks[i]->place));
  }
}

TEST(DeferredGradients, ATiedWeightSumsItsUsesAndCallsItsHookOnce) {
  const at::Tensor weight = numbers({5, 5}, kFloat64, 0).set_requires_grad(true);
  const MovingHook& hook = set_hook(weight);
  const at::Tensor x = numbers({3, 5}, kFloat64, 1), tokens = at::arange(3, at::kLong);
  const auto deferred = std::make_shared<DeferredGradients>();
  at::Tensor loss;
  {
    const DeferredGradients::Recording recording(deferred);
    loss = (nn::linear(nn::linear(x, weight, {}), weight, {}) + nn::embedding(weight, tokens)).sum();
  }
  loss.backward();
  deferred->run();
  EXPECT_EQ(hook.calls, 1);
  // By hand: Σ x Wᵀ Wᵀ has 1ᵀ(x Wᵀ) from the outer and (1 W)ᵀ x from the inner use; each of the first rows of
  // W is a summand besides.
  const at::Tensor ones = at::ones({3, 5}, kFloat64);
  const at::Tensor outer = ones.t().mm(x.mm(weight.detach().t()));
  const at::Tensor inner = ones.mm(weight.detach()).t().mm(x);
  at::Tensor expected = outer + inner;
  expected.narrow(0, 0, 3).add_(1);
  expect_same(weight.grad(), expected, 1e-12, "weight");
}

TEST(DeferredGradients, FrozenParametersAreLeftAlone) {
  const at::Tensor weight = numbers({5, 4}, kFloat64, 0);
  const at::Tensor bias = numbers({5}, kFloat64, 0).set_requires_grad(true);
  const auto deferred = std::make_shared<DeferredGradients>();
  at::Tensor y;
  {
    const DeferredGradients::Recording recording(deferred);
    y = nn::linear(numbers({3, 4}, kFloat64, 1), weight, bias);
  }
  y.sum().backward();
  deferred->run();
  EXPECT_FALSE(weight.grad().defined());
  EXPECT_TRUE(at::equal(bias.grad(), at::full({5}, 3, kFloat64)));
}

TEST(DeferredGradients, RecordingsNestAndEnd) {
  const auto outer = std::make_shared<DeferredGradients>();
  EXPECT_EQ(DeferredGradients::current(), nullptr);
  {
    const DeferredGradients::Recording recording(outer);
    EXPECT_EQ(DeferredGradients::current(), outer);
    {
      const DeferredGradients::Recording none(nullptr);
      EXPECT_EQ(DeferredGradients::current(), nullptr);
    }
    EXPECT_EQ(DeferredGradients::current(), outer);
  }
  EXPECT_EQ(DeferredGradients::current(), nullptr);
}

/// How often LibTorch's operations are called on this thread while it lives.
class OperationCounts {
 public:
  OperationCounts() {
    counts().clear();
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(&count));
  }
  ~OperationCounts() { at::removeCallback(handle_); }
  OperationCounts(const OperationCounts&) = delete;
  OperationCounts& operator=(const OperationCounts&) = delete;
  int operator[](const std::string& name) const { return counts()[name]; }

 private:
  static std::map<std::string, int>& counts() {
    static thread_local std::map<std::string, int> counts;
    return counts;
  }
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
    ++counts()[function.name()];
    return nullptr;
  }
  at::CallbackHandle handle_;
};

struct Counted {
  int input_half, first_weight_half, second_weight_half;  // multiplications
  int additions;                                          // of temporaries, in the second weight half
};

Counted count_linear(bool input_needs_gradient) {
  const at::Tensor weight = numbers({5, 4}, kFloat64, 0).set_requires_grad(true);
  Counted result{};
  for (int* weight_half : {&result.first_weight_half, &result.second_weight_half}) {
    const at::Tensor x = numbers({3, 4}, kFloat64, 1).set_requires_grad(input_needs_gradient);
    const auto deferred = std::make_shared<DeferredGradients>();
    const DeferredGradients::Recording recording(deferred);
    const at::Tensor loss = nn::linear(x, weight, {}).sum();
    {
      const OperationCounts counts;
      loss.backward();
      result.input_half = counts["aten::mm"];
    }
    const OperationCounts counts;
    deferred->run();
    *weight_half = counts["aten::mm"] + counts["aten::addmm_"];
    result.additions = counts["aten::add_"];
  }
  return result;
}

TEST(DeferredGradients, EachHalfMultipliesOnce) {
  const Counted counted = count_linear(true);
  EXPECT_EQ(counted.input_half, 1);
  EXPECT_EQ(counted.first_weight_half, 1);
  EXPECT_EQ(counted.second_weight_half, 1);
  EXPECT_EQ(counted.additions, 0);
}

TEST(DeferredGradients, ComputesNothingForInputsThatNeedNoGradient) {
  EXPECT_EQ(count_linear(false).input_half, 0);
}

TEST(AccumulateGradient, KeepsNoMemoryThatOthersHold) {
  const at::Tensor parameter = numbers({3}, kFloat64, 0).set_requires_grad(true);
  const at::Tensor other = at::ones({2, 3}, kFloat64);
  accumulate_gradient(parameter, other[0]);
  accumulate_gradient(parameter, other[1]);
  EXPECT_TRUE(at::equal(parameter.grad(), at::full({3}, 2, kFloat64)));
  EXPECT_TRUE(at::equal(other, at::ones({2, 3}, kFloat64)));
}

/// A whole model, with tied weights or batch statistics.
struct ModelCase {
  std::string name;
  models::ModelSettings settings;
  at::Tensor (*input)();
};

void PrintTo(const ModelCase& c, std::ostream* out) {
  *out << c.name;
}

at::Tensor tokens() {
  return at::arange(2 * 16, at::kLong).mul(7).remainder(11).view({2, 16});
}
at::Tensor images() {
  return numbers({3, 3, 32, 32}, kFloat64, 0);
}

class SplitModel : public testing::TestWithParam<ModelCase> {};

TEST_P(SplitModel, EqualsAutograd) {
  LayeredModel plain(models::make_model(GetParam().settings), kFloat64, 1);
  LayeredModel split(models::make_model(GetParam().settings), kFloat64, 1);
  const auto forward = [&](LayeredModel& model, int64_t micro_batch) {
    const Context context{.training = true, .random = {.key = 1, .first_sample = micro_batch}};
    const at::Tensor input = GetParam().input();
    const std::string name = model.spec().inputs[0];
    const at::Tensor logits =
        model.forward({{name, input.is_floating_point() ? input + micro_batch : input}}, context)
            .at("logits");
    return (logits * numbers(logits.sizes(), kFloat64, static_cast<double>(micro_batch))).sum();
  };
  std::vector<std::shared_ptr<DeferredGradients>> deferred;
  for (int64_t micro_batch = 0; micro_batch < 2; ++micro_batch) {
    forward(plain, micro_batch).backward();
    deferred.push_back(std::make_shared<DeferredGradients>());
    const DeferredGradients::Recording recording(deferred.back());
    forward(split, micro_batch).backward();
  }
  for (const NamedParameter& parameter : split.parameters())
    EXPECT_FALSE(parameter.tensor.grad().defined()) << parameter.name;
  deferred[1]->run();
  deferred[0]->run();
  const auto expected = plain.parameters(), actual = split.parameters();
  for (size_t i = 0; i < actual.size(); ++i)
    expect_same(actual[i].tensor.grad(), expected[i].tensor.grad(), 1e-9, actual[i].name);
}

INSTANTIATE_TEST_SUITE_P(
    Models, SplitModel,
    testing::Values(
        ModelCase{"gpt",
                  models::GptSettings{.layers = 2, .heads = 2, .width = 16, .context = 16, .vocabulary = 11},
                  tokens},
        ModelCase{"gpt_with_dropout",
                  models::GptSettings{
                      .layers = 2, .heads = 2, .width = 16, .context = 16, .vocabulary = 11, .dropout = 0.1},
                  tokens},
        ModelCase{"resnet18", models::ResnetSettings{.depth = 18, .classes = 5, .base_width = 8}, images},
        ModelCase{"resnet50",
                  models::ResnetSettings{
                      .depth = 50, .classes = 5, .base_width = 8, .norm = "group", .norm_groups = 4},
                  images}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace echelon::nn
