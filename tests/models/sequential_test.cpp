#include "models/sequential.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "models/registry.h"

namespace echelon::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

SequentialSettings example() {
  return {
      .input = {1, 28, 28},
      .layers = {ConvSettings{.out = 32, .kernel = 3}, BatchNormSettings{}, ReluSettings{},
                 MaxPoolSettings{.size = 2}, ConvSettings{.out = 16, .kernel = 5, .stride = 2, .padding = 1},
                 GroupNormSettings{.groups = 4}, GeluSettings{}, AvgPoolSettings{.size = 3, .stride = 2},
                 DropoutSettings{.rate = 0.1}, FlattenSettings{}, LinearSettings{.out = 24}, SiluSettings{},
                 LinearSettings{.out = 10}}};
}

TEST(Sequential, ShapesFollowFromTheInput) {
  EXPECT_THAT(sequential_shapes(example()),
              ElementsAre(Shape{1, 28, 28}, Shape{32, 26, 26}, Shape{32, 26, 26}, Shape{32, 26, 26},
                          Shape{32, 13, 13}, Shape{16, 6, 6}, Shape{16, 6, 6}, Shape{16, 6, 6},
                          Shape{16, 2, 2}, Shape{16, 2, 2}, Shape{64}, Shape{24}, Shape{24}, Shape{10}));
  EXPECT_EQ(interface_of(example()).output_limit, 10);
}

TEST(Sequential, LayersReallyHaveTheseShapes) {
  const SequentialSettings settings = example();
  const std::vector<Shape> shapes = sequential_shapes(settings);
  nn::LayeredModel model(make_model(settings), at::TensorOptions(), 1);
  model.forward({{"image", at::randn({3, 1, 28, 28})}}, {.training = true},
                [&](size_t layer, at::TensorList outputs) {
                  Shape expected = shapes[layer + 1];
                  expected.insert(expected.begin(), 3);
                  EXPECT_EQ(outputs[0].sizes(), at::IntArrayRef(expected)) << model.spec().layers[layer].name;
                });
}

TEST(Sequential, GlobalAveragePoolLeavesChannels) {
  const SequentialSettings settings{
      .input = {3, 9, 7},
      .layers = {ConvSettings{.out = 6}, GlobalAvgPoolSettings{}, LinearSettings{.out = 4}}};
  nn::LayeredModel model(make_model(settings), at::TensorOptions(), 1);
  EXPECT_EQ(model.forward({{"image", at::randn({2, 3, 9, 7})}}, {}).at("logits").sizes(),
            at::IntArrayRef({2, 4}));
}

void expect_problem(std::vector<SequentialLayer> layers, const std::string& message) {
  const SequentialSettings settings{.input = {1, 8, 8}, .layers = std::move(layers)};
  EXPECT_THAT([&] { make_sequential(settings); }, ThrowsMessage<ConfigError>(HasSubstr(message)));
}

TEST(Sequential, AnErrorNamesTheLayer) {
  expect_problem({ReluSettings{}, LinearSettings{}},
                 "layers[1] (linear): needs [features], but its input is [1, 8, 8]");
  expect_problem({ConvSettings{.kernel = 9}},
                 "layers[0] (conv): a window of 9 does not fit into its input [1, 8, 8]");
  expect_problem({FlattenSettings{}, MaxPoolSettings{}},
                 "layers[1] (max_pool): needs [channel, height, width]");
  expect_problem({ConvSettings{.out = 6}, GroupNormSettings{.groups = 4}},
                 "layers[1] (group_norm): 4 groups do not divide the 6 channels");
  expect_problem({ConvSettings{.out = 6}},
                 "layers[0] (conv): the last layer must leave [classes], but leaves [6, 6, 6]");
  expect_problem({}, "give at least one");
}

}  // namespace
}  // namespace echelon::models
