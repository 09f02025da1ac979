#include "nn/layered_model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"

namespace echelon::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

template <class L, class... Arguments>
LayerSpec layer(std::string name, std::vector<std::string> inputs, std::vector<std::string> outputs,
                Arguments... arguments) {
  return {std::move(name), std::move(inputs), std::move(outputs),
          [=](const BuildOptions& options) { return std::make_unique<L>(options, arguments...); }};
}

class Add : public Layer {
 public:
  explicit Add(const BuildOptions&) {}
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context&) override {
    return {inputs[0] + inputs[1]};
  }
};

/// Two outputs: the halves of the last dimension.
class Halves : public Layer {
 public:
  explicit Halves(const BuildOptions&) {}
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context&) override {
    return inputs[0].chunk(2, -1);
  }
};

const LinearOptions kNoBias{.bias = false, .weight_init = init::normal(1)};

/// A skip connection over two layers, and a head tied to the embedding.
ModelSpec example() {
  ModelSpec spec;
  spec.family = "example";
  spec.inputs = {"tokens"};
  spec.outputs = {"logits"};
  spec.layers = {layer<Embedding>("embedding", {"tokens"}, {"x"}, 11, 6, init::normal(1)),
                 layer<Linear>("down", {"x"}, {"y"}, 6, 6, LinearOptions{}),
                 layer<Linear>("up", {"y"}, {"y"}, 6, 6, LinearOptions{}),
                 layer<Add>("skip", {"x", "y"}, {"x"}),
                 layer<Linear>("head", {"x"}, {"logits"}, 6, 11, kNoBias)};
  spec.ties = {{"embedding.weight", "head.weight"}};
  return spec;
}

const at::TensorOptions kDouble = at::TensorOptions().dtype(at::kDouble);

at::Tensor tokens() {
  return at::arange(8).reshape({2, 4});
}

std::map<std::string, at::Tensor> values_of(const LayeredModel& model) {
  std::map<std::string, at::Tensor> values;
  for (const NamedParameter& parameter : model.parameters()) values[parameter.name] = parameter.tensor;
  return values;
}

TEST(LayeredModel, ParametersAreNamedByLayerAndListedOnce) {
  const LayeredModel model(example(), kDouble, 1);
  std::vector<std::string> names;
  for (const NamedParameter& parameter : model.parameters()) names.push_back(parameter.name);
  EXPECT_THAT(names, ElementsAre("embedding.weight", "down.weight", "down.bias", "up.weight", "up.bias"));
  EXPECT_EQ(model.parameter_count(), 66 + 2 * 42);
  EXPECT_EQ(model.parameters()[3].layer, 2u);
  EXPECT_TRUE(model.parameters()[3].decay);
  EXPECT_FALSE(model.parameters()[4].decay);
}

TEST(LayeredModel, ValuesDoNotDependOnTheSplit) {
  const auto whole = values_of(LayeredModel(example(), kDouble, 5));
  for (size_t cut = 0; cut <= 5; ++cut) {
    const LayeredModel first(example(), 0, cut, kDouble, 5);
    const LayeredModel second(example(), cut, 5, kDouble, 5);
    auto parts = values_of(first);
    for (const auto& [name, value] : values_of(second)) parts.emplace(name, value);
    ASSERT_EQ(parts.size(), whole.size()) << "cut " << cut;
    for (const auto& [name, value] : parts)
      EXPECT_TRUE(at::equal(value, whole.at(name))) << name << " cut " << cut;
  }
}

TEST(LayeredModel, AnAliasAwayFromItsOwnerHasTheOwnersNameAndValue) {
  const LayeredModel last(example(), 4, 5, kDouble, 5);
  ASSERT_EQ(last.parameters().size(), 1u);
  EXPECT_EQ(last.parameters()[0].name, "embedding.weight");
  EXPECT_TRUE(at::equal(last.parameters()[0].tensor,
                        values_of(LayeredModel(example(), kDouble, 5)).at("embedding.weight")));
}

TEST(LayeredModel, ADifferentSeedOrLayerGivesOtherValues) {
  const auto one = values_of(LayeredModel(example(), kDouble, 1));
  EXPECT_FALSE(
      at::equal(one.at("down.weight"), values_of(LayeredModel(example(), kDouble, 2)).at("down.weight")));
  EXPECT_FALSE(at::equal(one.at("down.weight"), one.at("up.weight")));
}

TEST(LayeredModel, StagesInSequenceComputeTheWhole) {
  LayeredModel whole(example(), kDouble, 3);
  const at::Tensor expected = whole.forward({{"tokens", tokens()}}, {}).at("logits");
  for (size_t cut = 1; cut < 5; ++cut) {
    LayeredModel first(example(), 0, cut, kDouble, 3);
    LayeredModel second(example(), cut, 5, kDouble, 3);
    Activations between = first.forward({{"tokens", tokens()}}, {});
    std::vector<std::string> crossing;
    for (const auto& [name, value] : between) crossing.push_back(name);
    EXPECT_EQ(crossing, activations_before(example(), cut));
    EXPECT_TRUE(at::equal(second.forward(between, {}).at("logits"), expected)) << "cut " << cut;
  }
}

TEST(LayeredModel, ActivationsBeforeALayer) {
  EXPECT_THAT(activations_before(example(), 0), ElementsAre("tokens"));
  EXPECT_THAT(activations_before(example(), 1), ElementsAre("x"));
  EXPECT_THAT(activations_before(example(), 2), ElementsAre("x", "y"));
  EXPECT_THAT(activations_before(example(), 4), ElementsAre("x"));
  EXPECT_THAT(activations_before(example(), 5), ElementsAre("logits"));
}

TEST(LayeredModel, ReleasesActivationsThatNoLaterLayerReads) {
  LayeredModel model(example(), kDouble, 3);
  const at::NoGradGuard no_gradient;
  std::optional<c10::weak_intrusive_ptr<c10::TensorImpl>> embedded;
  bool alive_while_needed = false, alive_afterwards = true;
  model.forward({{"tokens", tokens()}}, {}, [&](size_t layer, at::TensorList outputs) {
    if (layer == 0) embedded.emplace(outputs[0].getIntrusivePtr());
    if (layer == 2) alive_while_needed = !embedded->expired();
    if (layer == 4) alive_afterwards = !embedded->expired();
  });
  EXPECT_TRUE(alive_while_needed);
  EXPECT_FALSE(alive_afterwards);
}

TEST(LayeredModel, ATiedTensorCollectsTheGradientOfBothUses) {
  LayeredModel model(example(), kDouble, 3);
  model.forward({{"tokens", tokens()}}, {}).at("logits").square().sum().backward();
  const at::Tensor tied = values_of(model).at("embedding.weight").grad();

  ModelSpec untied = example();
  untied.ties.clear();
  LayeredModel apart(untied, kDouble, 3);
  auto values = values_of(apart);
  {
    const at::NoGradGuard no_gradient;
    values.at("head.weight").copy_(values.at("embedding.weight"));
  }
  apart.forward({{"tokens", tokens()}}, {}).at("logits").square().sum().backward();
  EXPECT_TRUE(
      at::allclose(tied, values.at("embedding.weight").grad() + values.at("head.weight").grad(), 1e-12));
}

TEST(LayeredModel, LayersMayHaveSeveralOutputs) {
  ModelSpec spec{.family = "two", .layers = {}, .inputs = {"x"}, .outputs = {"a", "b"}, .ties = {}};
  spec.layers = {layer<Halves>("halves", {"x"}, {"a", "b"})};
  LayeredModel model(spec, kDouble, 0);
  const at::Tensor x = at::randn({3, 4});
  const Activations outputs = model.forward({{"x", x}}, {});
  EXPECT_TRUE(at::equal(at::cat({outputs.at("a"), outputs.at("b")}, 1), x));
}

TEST(LayeredModel, AMissingActivationIsNamed) {
  LayeredModel model(example(), kDouble, 0);
  EXPECT_THAT([&] { model.forward({}, {}); },
              ThrowsMessage<InternalError>(HasSubstr("layer 'embedding': activation 'tokens' is missing")));
}

/// x → dropout → a and x → dropout → b.
ModelSpec two_dropouts() {
  ModelSpec spec{.family = "dropouts", .layers = {}, .inputs = {"x"}, .outputs = {"a", "b"}, .ties = {}};
  spec.layers = {layer<Dropout>("first", {"x"}, {"a"}, 0.5), layer<Dropout>("second", {"x"}, {"b"}, 0.5)};
  return spec;
}

TEST(RandomLayers, DependOnKeyAndLayerOnly) {
  LayeredModel model(two_dropouts(), at::TensorOptions(), 0);
  const at::Tensor x = at::ones({1000});
  const auto run = [&](uint64_t key, bool training = true) {
    return model.forward({{"x", x}}, {.training = training, .random = {.key = key}});
  };
  const Activations once = run(1);
  const Activations again = run(1);
  EXPECT_TRUE(at::equal(once.at("a"), again.at("a")));
  EXPECT_TRUE(at::equal(once.at("b"), again.at("b")));
  EXPECT_FALSE(at::equal(once.at("a"), once.at("b")));
  EXPECT_FALSE(at::equal(once.at("a"), run(2).at("a")));
  EXPECT_TRUE(at::equal(run(1, /*training=*/false).at("a"), x));

  LayeredModel second_only(two_dropouts(), 1, 2, at::TensorOptions(), 0);
  EXPECT_TRUE(at::equal(second_only.forward({{"x", x}}, {.training = true, .random = {.key = 1}}).at("b"),
                        once.at("b")));
}

void expect_invalid(const ModelSpec& spec, const std::string& message) {
  EXPECT_THAT([&] { validate(spec); }, ThrowsMessage<ConfigError>(HasSubstr(message)));
}

TEST(Validate, NamesTheLayer) {
  EXPECT_NO_THROW(validate(example()));
  ModelSpec spec = example();
  spec.layers[2].name = "down";
  expect_invalid(spec, "two layers are called 'down'");
  spec = example();
  spec.layers[1].inputs = {"y"};
  expect_invalid(spec, "layer 'down' reads activation 'y', which no layer before it writes");
  spec = example();
  spec.outputs = {"probabilities"};
  expect_invalid(spec, "no layer writes the output 'probabilities'");
  spec = example();
  spec.ties = {{"embeding.weight", "head.weight"}};
  expect_invalid(spec, "tied tensor 'embeding.weight' belongs to no layer");
  spec = example();
  spec.ties = {{"head.weight", "embedding.weight"}};
  expect_invalid(spec, "the layer of 'embedding.weight' must come after");
}

TEST(Validate, ATieOfATensorThatTheLayerLacksIsFoundWhenItIsBuilt) {
  ModelSpec spec = example();
  spec.ties = {{"embedding.weight", "head.weigth"}};
  EXPECT_THROW(LayeredModel(spec, kDouble, 0), InternalError);
}

}  // namespace
}  // namespace echelon::nn
