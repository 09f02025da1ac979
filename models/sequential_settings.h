// A model spelled out in the configuration, layer by layer. Shapes are inferred from the input. Free of
// LibTorch.
//
//   model:
//     name: sequential
//     input: [1, 28, 28]
//     layers: [{conv: {out: 32, kernel: 3}}, relu, {max_pool: {size: 2}}, flatten, {linear: {out: 10}}]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/declare.h"

namespace echelon::models {

struct ConvSettings {
  int64_t out = 32;
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 0;
  bool bias = true;
};
struct LinearSettings {
  int64_t out = 10;
  bool bias = true;
};
struct MaxPoolSettings {
  int64_t size = 2;
  std::optional<int64_t> stride = {};  ///< not set: the size
};
struct AvgPoolSettings {
  int64_t size = 2;
  std::optional<int64_t> stride = {};  ///< not set: the size
};
struct GlobalAvgPoolSettings {};
struct FlattenSettings {};
struct ReluSettings {};
struct GeluSettings {};
struct SiluSettings {};
struct DropoutSettings {
  double rate = 0.5;
};
struct BatchNormSettings {};
struct GroupNormSettings {
  int64_t groups = 8;
};

using SequentialLayer = std::variant<ConvSettings, LinearSettings, MaxPoolSettings, AvgPoolSettings,
                                     GlobalAvgPoolSettings, FlattenSettings, ReluSettings, GeluSettings,
                                     SiluSettings, DropoutSettings, BatchNormSettings, GroupNormSettings>;

struct SequentialSettings {
  std::vector<int64_t> input{1, 28, 28};  ///< [channel, height, width]
  std::vector<SequentialLayer> layers;
};

void describe(config::Fields<ConvSettings>& f);
void describe(config::Fields<LinearSettings>& f);
void describe(config::Fields<MaxPoolSettings>& f);
void describe(config::Fields<AvgPoolSettings>& f);
void describe(config::Fields<DropoutSettings>& f);
void describe(config::Fields<GroupNormSettings>& f);
void describe(config::Fields<SequentialLayer>& f);
void describe(config::Fields<SequentialSettings>& f);

/// "conv", "linear", …: the layer's key in the configuration.
std::string kind_of(const SequentialLayer& layer);

/// A shape without the batch: [channel, height, width] or [features].
using Shape = std::vector<int64_t>;

/// The shape before each layer, and after the last: layers + 1 of them. Throws ConfigError naming the first
/// layer that does not fit its input ("layers[4] (linear): …"), or the last when it does not leave [classes].
std::vector<Shape> sequential_shapes(const SequentialSettings& settings);

}  // namespace echelon::models
