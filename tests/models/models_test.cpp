#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/error.h"
#include "models/registry.h"
#include "nn/loss.h"

namespace echelon::models {
namespace {

int64_t parameters_of(const ModelSettings& settings) {
  return nn::LayeredModel(make_model(settings), at::TensorOptions().device(at::kMeta), 0).parameter_count();
}

at::Tensor run(const ModelSettings& settings, const at::Tensor& input, bool training = true) {
  nn::LayeredModel model(make_model(settings), at::TensorOptions(), 1);
  return model.forward({{model.spec().inputs[0], input}}, {.training = training}).at("logits");
}

// Radford et al. name the sizes 117M and 1542M; the counts are those of the published weights
// (huggingface.co/gpt2, gpt2-xl).
TEST(ParameterCount, Gpt2) {
  EXPECT_EQ(parameters_of(GptSettings{}), 124'439'808);
  EXPECT_EQ(parameters_of(GptSettings{.layers = 48, .heads = 25, .width = 1600}), 1'557'611'200);
}

// torchvision.models' table of weights.
TEST(ParameterCount, Resnet) {
  EXPECT_EQ(parameters_of(ResnetSettings{.depth = 18}), 11'689'512);
  EXPECT_EQ(parameters_of(ResnetSettings{.depth = 34}), 21'797'672);
  EXPECT_EQ(parameters_of(ResnetSettings{.depth = 50}), 25'557'032);
}

TEST(ParameterCount, MlpAndConvnet) {
  EXPECT_EQ(parameters_of(MlpSettings{}), 784 * 128 + 128 + 128 * 10 + 10);
  EXPECT_EQ(parameters_of(ConvnetSettings{}),
            (9 * 32 + 32) + (9 * 32 * 64 + 64) + (64 * 7 * 7 * 128 + 128) + (128 * 10 + 10));
}

TEST(Shapes, LogitsHaveOneNumberAClass) {
  const at::Tensor digits = at::randn({3, 1, 28, 28});
  EXPECT_EQ(run(MlpSettings{.activation = "silu", .dropout = 0.1}, digits).sizes(), at::IntArrayRef({3, 10}));
  for (const std::string norm : {"none", "batch", "group"}) {
    EXPECT_EQ(run(ConvnetSettings{.norm = norm, .dropout = 0.1}, digits).sizes(), at::IntArrayRef({3, 10}));
  }
  EXPECT_EQ(run(ConvnetSettings{.input = {3, 32, 30}, .classes = 7}, at::randn({2, 3, 32, 30})).sizes(),
            at::IntArrayRef({2, 7}));
  for (const int64_t depth : {18, 34, 50}) {
    for (const std::string norm : {"batch", "group"}) {
      const ResnetSettings settings{
          .depth = depth, .classes = 5, .base_width = 8, .norm = norm, .norm_groups = 4};
      EXPECT_EQ(run(settings, at::randn({2, 3, 40, 56})).sizes(), at::IntArrayRef({2, 5}));
    }
  }
}

TEST(Mlp, ReadsTables) {
  const TableInput table{.numbers = 3, .categories = {5, 100}, .classes = 4};
  const ModelSettings settings = with_table(MlpSettings{.hidden = {16}, .activation = "gelu"}, table);
  // The rule gives 5 categories 4 numbers and 100 of them 21.
  const int64_t width = 3 + 4 + 21;
  EXPECT_EQ(parameters_of(settings), 5 * 4 + 100 * 21 + width * 16 + 16 + 16 * 4 + 4);
  nn::LayeredModel model(make_model(settings), at::TensorOptions(), 1);
  const nn::Activations inputs = {{"features", at::randn({2, 3})},
                                  {"categories", at::tensor({4, 99, 0, 0}, at::kLong).reshape({2, 2})}};
  EXPECT_EQ(model.forward(inputs, {}).at("logits").sizes(), at::IntArrayRef({2, 4}));
  EXPECT_EQ(interface_of(settings).task, Task::kClassification);
}

TEST(Mlp, ReadsNumbersOrCategoriesAlone) {
  const ModelSettings numbers = with_table(MlpSettings{.hidden = {}}, {.numbers = 3});
  EXPECT_EQ(parameters_of(numbers), 3 + 1) << "linear regression";
  EXPECT_EQ(interface_of(numbers).task, Task::kRegression);
  const ModelSettings categories =
      with_table(MlpSettings{.hidden = {}, .embedding = 6}, {.categories = {4, 7}});
  EXPECT_EQ(parameters_of(categories), (4 + 7) * 6 + 12 + 1);
  nn::LayeredModel model(make_model(categories), at::TensorOptions(), 1);
  const at::Tensor inputs = at::tensor({0, 0, 3, 6}, at::kLong).reshape({2, 2});
  const at::Tensor prediction = model.forward({{"categories", inputs}}, {}).at("prediction");
  EXPECT_EQ(prediction.sizes(), at::IntArrayRef({2, 1}));
  // What training did not see adds nothing: the bias of the head, which starts as zero, is left.
  EXPECT_EQ(prediction[0].item<float>(), 0);
  EXPECT_NE(prediction[1].item<float>(), 0);
}

// By Python: min(600, round(1.6 * n ** 0.56)).
TEST(Mlp, WidthOfEmbeddings) {
  const std::pair<int64_t, int64_t> widths[] = {{2, 2}, {3, 3}, {10, 6}, {1000, 77}, {50000, 600}};
  for (const auto& [categories, width] : widths) EXPECT_EQ(embedding_width(categories), width) << categories;
}

TEST(Mlp, OthersReadNoTables) {
  EXPECT_THROW(with_table(GptSettings{}, {.numbers = 1}), ConfigError);
}

TEST(Interface, SaysWhatTheDataMustProvide) {
  const ModelInterface text = interface_of(GptSettings{.context = 256, .vocabulary = 65});
  EXPECT_EQ(text.task, Task::kLanguageModelling);
  EXPECT_EQ(text.input, "tokens");
  EXPECT_EQ(text.input_shape, std::vector<int64_t>{256});
  EXPECT_EQ(text.output_limit, 65);
  for (const ModelSettings& settings : {ModelSettings(MlpSettings{}), ModelSettings(ConvnetSettings{})}) {
    const ModelInterface digits = interface_of(settings);
    EXPECT_EQ(digits.task, Task::kClassification);
    EXPECT_EQ(digits.input_shape, (std::vector<int64_t>{1, 28, 28}));
    EXPECT_EQ(digits.output_limit, 10);
    EXPECT_EQ(make_model(settings).inputs, std::vector<std::string>{digits.input});
    EXPECT_EQ(make_model(settings).family, family_of(settings));
  }
}

constexpr GptSettings kSmallGpt{.layers = 2, .heads = 2, .width = 64, .context = 32, .vocabulary = 97};

TEST(Gpt, UntrainedLossIsLogOfVocabulary) {
  const at::Tensor tokens = at::randint(97, {8, 33}, at::kLong);
  const at::Tensor logits = run(kSmallGpt, tokens.narrow(1, 0, 32));
  EXPECT_EQ(logits.sizes(), at::IntArrayRef({8, 32, 97}));
  const at::Tensor loss = nn::cross_entropy(logits, tokens.narrow(1, 1, 32));
  EXPECT_NEAR(loss.item<double>() / (8 * 32), std::log(97.0), 0.05);
}

TEST(Gpt, APositionDoesNotSeeThoseAfterIt) {
  at::Tensor tokens = at::randint(97, {1, 16}, at::kLong);
  const at::Tensor before = run(kSmallGpt, tokens).detach();
  tokens[0][10] = (tokens[0][10] + 1) % 97;
  const at::Tensor changed = (run(kSmallGpt, tokens).detach() - before).abs().amax({0, 2});
  EXPECT_LT(changed.narrow(0, 0, 10).max().item<double>(), 1e-6);
  EXPECT_GT(changed.narrow(0, 10, 6).min().item<double>(), 1e-6);
}

TEST(Gpt, WithADocumentMaskDocumentsInOneSequenceAreAsIfAlone) {
  GptSettings settings = kSmallGpt;
  settings.document_mask = true;
  nn::LayeredModel model(make_model(settings), at::TensorOptions().dtype(at::kDouble), 7);
  const at::Tensor tokens = at::randint(97, {1, 32}, at::kLong);
  const auto logits = [&](const at::Tensor& part, const at::Tensor& starts) {
    return model.forward({{"tokens", part}, {"document_starts", starts}}, {}).at("logits").detach();
  };
  const std::vector<std::pair<int64_t, int64_t>> documents{{0, 5}, {5, 1}, {6, 20}, {26, 6}};
  at::Tensor starts = at::empty({1, 32}, at::kLong);
  for (const auto& [start, length] : documents) starts.narrow(1, start, length).fill_(start);
  const at::Tensor together = logits(tokens, starts);
  for (const auto& [start, length] : documents) {
    const at::Tensor alone = logits(tokens.narrow(1, start, length), at::zeros({1, length}, at::kLong));
    EXPECT_TRUE(at::allclose(together.narrow(1, start, length), alone, 1e-12, 1e-12)) << "from " << start;
  }
}

TEST(Gpt, InitialSpreadFollowsThePaper) {
  nn::LayeredModel model(
      make_model(GptSettings{.layers = 8, .heads = 2, .width = 128, .context = 64, .vocabulary = 512}),
      at::TensorOptions(), 3);
  for (const nn::NamedParameter& p : model.parameters()) {
    const bool residual = p.name.ends_with("projection.weight") || p.name.ends_with("contract.weight");
    if (p.tensor.dim() == 2) {
      EXPECT_NEAR(p.tensor.std().item<double>(), residual ? 0.02 / 4 : 0.02, 0.001) << p.name;  // √(2·8) = 4
    }
    EXPECT_EQ(p.decay, p.tensor.dim() == 2) << p.name;
  }
}

TEST(Gpt, RefusesMoreTokensThanItsContext) {
  EXPECT_THROW(run(kSmallGpt, at::zeros({1, 33}, at::kLong)), DataError);
}

TEST(Resnet, ZeroInitialisedBlocksAreTheIdentity) {
  const ResnetSettings settings{.depth = 18, .classes = 5, .base_width = 8, .zero_init_residual = true};
  nn::LayeredModel model(make_model(settings), at::TensorOptions(), 1);
  std::map<std::string, at::Tensor> outputs;
  model.forward({{"image", at::randn({2, 3, 64, 64})}}, {.training = true},
                [&](size_t layer, at::TensorList out) { outputs[model.spec().layers[layer].name] = out[0]; });
  EXPECT_TRUE(at::equal(outputs["layer1.1"], outputs["maxpool"]));
}

TEST(Convnet, ResultDoesNotDependOnTheBatch) {
  nn::LayeredModel model(make_model(ConvnetSettings{}), at::TensorOptions().dtype(at::kDouble), 1);
  const at::Tensor images = at::randn({6, 1, 28, 28}, at::kDouble);
  const auto logits = [&](const at::Tensor& batch) {
    return model.forward({{"image", batch}}, {.training = true}).at("logits");
  };
  const at::Tensor parts = at::cat({logits(images.narrow(0, 0, 2)), logits(images.narrow(0, 2, 4))});
  EXPECT_TRUE(at::allclose(logits(images), parts, 1e-12, 1e-12));
}

}  // namespace
}  // namespace echelon::models
