#include "parallel/cost/layer_costs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

#include "models/registry.h"
#include "nn/live_bytes.h"
#include "nn/loss.h"
#include "nn/weight_gradients.h"
#include "parallel/cost/memory.h"

namespace echelon::parallel {
namespace {

constexpr int64_t kFloatBytes = 4;

struct Example {
  nn::ModelSpec spec;
  nn::Activations inputs;
  at::Tensor targets;
};

Example images(const models::ModelSettings& settings, at::IntArrayRef shape) {
  Example example{models::make_model(settings), {}, {}};
  example.inputs["image"] = at::rand(shape);
  example.targets = at::zeros({shape[0]}, at::kLong);
  return example;
}

Example text(const models::GptSettings& settings, int64_t batch) {
  const at::Tensor tokens = at::randint(settings.vocabulary, {batch, settings.context}, at::kLong);
  return {models::make_model(settings), {{"tokens", tokens}}, tokens};
}

ModelCosts estimate(const Example& example, const CostOptions& options = {}) {
  return estimate_costs(example.spec, example.inputs, example.targets, options);
}

template <class T>
double sum(const ModelCosts& costs, T LayerCost::*member) {
  return std::accumulate(
      costs.layers.begin(), costs.layers.end(), 0.0,
      [&](double so_far, const LayerCost& layer) { return so_far + static_cast<double>(layer.*member); });
}

constexpr models::GptSettings kGpt{.layers = 2, .heads = 4, .width = 64, .context = 32, .vocabulary = 100};
constexpr int64_t kBatch = 3;
constexpr double kTokens = 3 * 32;

// A block has 12·width² weights in its products, each used once a token.
TEST(EstimateCosts, OperationsOfATransformerBlock) {
  const ModelCosts costs = estimate(text(kGpt, kBatch));
  ASSERT_EQ(costs.layers.size(), 5u);
  const double products = 2 * 12 * 64.0 * 64 * kTokens;
  const double scores = 2 * kTokens * (32 + 1) / 2.0 * 64;  // of Q Kᵀ, and as many of P V
  for (const size_t block : {1, 2}) {
    EXPECT_EQ(costs.layers[block].name, "block." + std::to_string(block - 1));
    EXPECT_DOUBLE_EQ(costs.layers[block].forward_flops, products + 2 * scores);
    EXPECT_DOUBLE_EQ(costs.layers[block].input_flops, products + 5 * scores);
    EXPECT_DOUBLE_EQ(costs.layers[block].weight_flops, products);
    EXPECT_TRUE(costs.layers[block].splits);
  }
  EXPECT_EQ(costs.layers[0].forward_flops, 0);
  const LayerCost& head = costs.layers[4];
  EXPECT_DOUBLE_EQ(head.forward_flops, 2 * 64 * 100 * kTokens);
  EXPECT_DOUBLE_EQ(head.input_flops, head.forward_flops);
  EXPECT_DOUBLE_EQ(head.weight_flops, head.forward_flops);
}

// torchvision.models' table of weights: GFLOPS, a multiplication and an addition being one there. The first
// convolution's input, the image, needs no gradient: 2·112²·64·3·7² operations less.
TEST(EstimateCosts, OperationsAndParametersOfResnets) {
  struct Published {
    int64_t depth;
    double multiply_adds;
    int64_t parameters;
  };
  for (const Published& published : {Published{18, 1.81e9, 11'689'512}, Published{50, 4.09e9, 25'557'032}}) {
    const ModelCosts costs =
        estimate(images(models::ResnetSettings{.depth = published.depth}, {2, 3, 224, 224}));
    const double forward = sum(costs, &LayerCost::forward_flops);
    EXPECT_NEAR(forward / 2 / 2, published.multiply_adds, 0.005e9);
    EXPECT_EQ(sum(costs, &LayerCost::weight_flops), forward);
    EXPECT_EQ(sum(costs, &LayerCost::input_flops), forward - 2 * 2.0 * 112 * 112 * 64 * 3 * 49);
    EXPECT_EQ(sum(costs, &LayerCost::parameters), published.parameters);
    EXPECT_EQ(sum(costs, &LayerCost::parameter_bytes), kFloatBytes * published.parameters);
  }
}

TEST(EstimateCosts, ATiedTensorCountsWithBothLayers) {
  const ModelCosts costs = estimate(text(kGpt, kBatch));
  const int64_t counted_once =
      nn::LayeredModel(models::make_model(kGpt), at::TensorOptions().device(at::kMeta), 0).parameter_count();
  EXPECT_EQ(sum(costs, &LayerCost::parameters), counted_once + 100 * 64);
}

TEST(EstimateCosts, ALargeModelTakesNoMemory) {
  const models::GptSettings settings{.layers = 40, .heads = 40, .width = 5120, .context = 2048};
  const nn::LiveBytes live;
  const ModelCosts costs = estimate(text(settings, 1));
  EXPECT_NEAR(sum(costs, &LayerCost::parameters), 12 * 40 * 5120.0 * 5120 + 2 * 50257 * 5120, 0.02e9);
  EXPECT_LT(live.now(), 1 << 20);
}

TEST(EstimateCosts, BoundariesAreWhatLaterLayersRead) {
  const ModelCosts costs = estimate(text(kGpt, kBatch));
  ASSERT_EQ(costs.boundaries.size(), 6u);
  EXPECT_EQ(costs.boundaries[0].activation_bytes, 8 * kTokens);
  EXPECT_EQ(costs.boundaries[0].gradient_bytes, 0);
  for (const size_t boundary : {1, 2, 3, 4}) {
    EXPECT_EQ(costs.boundaries[boundary].activation_bytes, kFloatBytes * kTokens * 64);
    EXPECT_EQ(costs.boundaries[boundary].gradient_bytes, kFloatBytes * kTokens * 64);
  }
  EXPECT_EQ(costs.boundaries[5].activation_bytes, kFloatBytes * kTokens * 100);
}

const LayerCost& first_with_parameters(const ModelCosts& costs) {
  return *std::ranges::find_if(costs.layers, [](const LayerCost& layer) { return layer.parameters > 0; });
}

const models::MlpSettings kMlp{.input = {1, 8, 16}, .hidden = {256}, .classes = 2};

// One linear layer of an image: reads x, the weight and the bias, and writes y.
TEST(EstimateCosts, TrafficAndDeferredMemoryOfALinearLayer) {
  const ModelCosts costs = estimate(images(kMlp, {32, 1, 8, 16}));
  const LayerCost& linear = first_with_parameters(costs);
  ASSERT_EQ(linear.parameters, 128 * 256 + 256);
  const double x = 32 * 128, y = 32 * 256, weight = 128 * 256, bias = 256;
  EXPECT_EQ(linear.forward_bytes, kFloatBytes * (x + weight + bias + y));
  EXPECT_EQ(linear.input_flops, 0);
  EXPECT_EQ(linear.deferred_bytes, kFloatBytes * (x + y));
  // grad W += gᵀ x reads both and adds; the sum of g is made and added to grad b.
  EXPECT_EQ(linear.weight_bytes, kFloatBytes * ((y + x + 2 * weight) + (y + bias) + 3 * bias));
}

TEST(EstimateCosts, AutocastHalvesWhatProductsKeepNotTheirNumber) {
  const Example example = images(kMlp, {32, 1, 8, 16});
  const ModelCosts wide = estimate(example), narrow = estimate(example, {.autocast = at::kBFloat16});
  const LayerCost &linear = first_with_parameters(wide), &narrow_linear = first_with_parameters(narrow);
  EXPECT_EQ(narrow_linear.forward_flops, linear.forward_flops);
  EXPECT_EQ(narrow_linear.weight_flops, linear.weight_flops);
  EXPECT_EQ(narrow_linear.parameter_bytes, linear.parameter_bytes);
  EXPECT_EQ(narrow_linear.deferred_bytes, linear.deferred_bytes / 2);
  EXPECT_EQ(narrow.boundaries.back().activation_bytes, wide.boundaries.back().activation_bytes / 2);
}

/// What a forward pass of the whole model on the CPU leaves alive.
double growth_of_live_memory(const Example& example, const CostOptions& options) {
  nn::LayeredModel model(example.spec, at::TensorOptions().dtype(options.storage), 0);
  model.set_recomputed(options.recomputed);
  const auto deferred = std::make_shared<nn::DeferredGradients>();
  const nn::DeferredGradients::Recording recording(deferred);
  const nn::LiveBytes live;
  at::Tensor loss;
  {
    const nn::Activations outputs = model.forward(example.inputs, nn::Context{.training = true});
    loss = nn::cross_entropy(outputs.at("logits"), example.targets);
  }
  return static_cast<double>(live.now());
}

models::SequentialSettings sequential() {
  return {.input = {1, 12, 12},
          .layers = {models::ConvSettings{.out = 8, .kernel = 3}, models::BatchNormSettings{},
                     models::ReluSettings{}, models::MaxPoolSettings{}, models::DropoutSettings{},
                     models::FlattenSettings{}, models::LinearSettings{.out = 40}, models::GeluSettings{},
                     models::LinearSettings{.out = 5}}};
}

std::vector<Example> small_models() {
  return {images(sequential(), {16, 1, 12, 12}),
          images(models::ResnetSettings{.depth = 18, .classes = 5, .base_width = 8}, {4, 3, 40, 40}),
          images(models::ConvnetSettings{.norm = "group"}, {4, 1, 28, 28}), text(kGpt, kBatch)};
}

// Besides the storages, numbers of a few bytes live on: the loss and what scalars become.
TEST(MeasureCosts, SavedBytesSumUpToTheGrowthOfLiveMemory) {
  for (const Example& example : small_models()) {
    for (const bool recompute : {false, true}) {
      CostOptions options;
      options.recomputed.assign(example.spec.layers.size(), recompute);
      const ModelCosts costs = measure_costs(example.spec, example.inputs, example.targets, options, 1);
      EXPECT_NEAR(sum(costs, &LayerCost::saved_bytes), growth_of_live_memory(example, options), 64)
          << example.spec.family << (recompute ? ", computed again" : "");
    }
  }
}

// Where the CPU runs the operations that a GPU runs, none of them fused.
TEST(EstimateCosts, SavedBytesAreThoseOfTheSameOperationsOnTheCpu) {
  for (const Example& example :
       {images(models::ResnetSettings{.depth = 18, .classes = 5, .base_width = 8}, {4, 3, 40, 40}),
        images(models::ConvnetSettings{.norm = "group"}, {4, 1, 28, 28}), images(kMlp, {32, 1, 8, 16})}) {
    const ModelCosts estimated = estimate(example);
    const ModelCosts measured = measure_costs(example.spec, example.inputs, example.targets, {}, 1);
    for (size_t i = 0; i < measured.layers.size(); ++i) {
      const LayerCost& layer = estimated.layers[i];
      EXPECT_NEAR(layer.saved_bytes, measured.layers[i].saved_bytes, 16)
          << example.spec.family << " " << layer.name;
      EXPECT_EQ(layer.deferred_bytes, measured.layers[i].deferred_bytes) << layer.name;
    }
  }
}

TEST(EstimateCosts, DropoutKeepsAByteAValue) {
  models::GptSettings settings = kGpt;
  settings.dropout = 0.1;
  const ModelCosts with = estimate(text(settings, kBatch)), without = estimate(text(kGpt, kBatch));
  EXPECT_EQ(with.layers[1].forward_flops, without.layers[1].forward_flops);
  EXPECT_EQ(with.layers[0].saved_bytes, without.layers[0].saved_bytes + kTokens * 64);
}

TEST(MeasureCosts, TimesEveryPartAndKeepsEstimatedOperations) {
  const Example example = text(kGpt, kBatch);
  const ModelCosts estimated = estimate(example);
  const ModelCosts measured = measure_costs(example.spec, example.inputs, example.targets, {}, 3);
  for (size_t i = 0; i < measured.layers.size(); ++i) {
    const LayerCost& layer = measured.layers[i];
    EXPECT_EQ(layer.name, estimated.layers[i].name);
    EXPECT_EQ(layer.forward_flops, estimated.layers[i].forward_flops);
    EXPECT_GT(layer.forward_seconds, 0);
    EXPECT_TRUE(layer.splits);
  }
  // Equal layers are measured once.
  EXPECT_EQ(measured.layers[1].forward_seconds, measured.layers[2].forward_seconds);
  EXPECT_GT(measured.layers[1].weight_seconds, 0);
  EXPECT_EQ(estimated.layers[1].forward_seconds, 0);
}

ModelCosts two_layers() {
  ModelCosts costs;
  costs.layers = {
      {.name = "a", .parameter_bytes = 100, .buffer_bytes = 7, .saved_bytes = 11, .deferred_bytes = 5},
      {.name = "b", .parameter_bytes = 60, .saved_bytes = 13, .deferred_bytes = 3}};
  costs.boundaries = {{1000, 0}, {20, 30}, {4, 4}};
  return costs;
}

TEST(StageMemory, IsTheSumOfItsKinds) {
  const MemoryPlan plan{.state_tensors = 2, .weight_average = true, .replicas = 4, .shard_optimizer = true};
  const StageMemory first = stage_memory(two_layers(), 0, 1, 3, 2, plan);
  EXPECT_EQ(first.parameters, 100);
  EXPECT_EQ(first.buffers, 7);
  EXPECT_EQ(first.gradients, 100);
  EXPECT_EQ(first.optimizer_state, 50);
  EXPECT_EQ(first.weight_average, 100);
  EXPECT_EQ(first.activations, 3 * (11 + 1000));
  EXPECT_EQ(first.deferred, 10);
  EXPECT_EQ(first.messages, 50);
  EXPECT_EQ(first.total(), 100 + 7 + 100 + 50 + 100 + 3033 + 10 + 50);

  const StageMemory all = stage_memory(two_layers(), 0, 2, 1, 0, {});
  EXPECT_EQ(all.fixed(), 160 + 7 + 160);
  EXPECT_EQ(all.activations, 11 + 13 + 1000);
  EXPECT_EQ(all.messages, 0);
  EXPECT_EQ(describe(all), "activations 1.00 KiB\nparameters 160 B\ngradients 160 B\nrunning statistics 7 B");
}

TEST(StageMemory, OptimizersKeepTensors) {
  EXPECT_EQ(state_tensors({.name = "sgd"}), 0);
  EXPECT_EQ(state_tensors({.name = "sgd", .momentum = 0.9}), 1);
  EXPECT_EQ(state_tensors({.name = "adam"}), 2);
  EXPECT_EQ(state_tensors({.name = "adamw"}), 2);
}

TEST(StageMemory, LoadsForThePartitioner) {
  ModelCosts costs = two_layers();
  costs.layers[1].forward_seconds = 1;
  costs.layers[1].input_seconds = 2;
  costs.layers[1].weight_seconds = 4;
  const schedule::LayerLoad load = layer_load(costs, 1, {.state_tensors = 1}, 0.5);
  EXPECT_EQ(load.name, "b");
  EXPECT_EQ(load.seconds, 7);
  EXPECT_EQ(load.fixed_bytes, 3 * 60);
  EXPECT_EQ(load.activation_bytes, 13);
  EXPECT_EQ(load.send_seconds, 25);
}

}  // namespace
}  // namespace echelon::parallel
