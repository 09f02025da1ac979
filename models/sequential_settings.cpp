#include "models/sequential_settings.h"

#include <functional>
#include <numeric>

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"

namespace echelon::models {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

void require_image(const Shape& input, const char* needs = "needs [channel, height, width]") {
  if (input.size() != 3) throw ConfigError(str_format("{}, but its input is {}", needs, format_shape(input)));
}

Shape window(const Shape& input, int64_t channels, int64_t kernel, int64_t stride, int64_t padding) {
  require_image(input);
  Shape output{channels};
  for (const size_t side : {1, 2}) {
    const int64_t size = input[side] + 2 * padding;
    if (size < kernel) {
      throw ConfigError(
          str_format("a window of {} does not fit into its input {}", kernel, format_shape(input)));
    }
    output.push_back((size - kernel) / stride + 1);
  }
  return output;
}

Shape shape_after(const SequentialLayer& layer, const Shape& input) {
  return std::visit(
      Overloaded{
          [&](const ConvSettings& s) { return window(input, s.out, s.kernel, s.stride, s.padding); },
          [&](const MaxPoolSettings& s) {
            return window(input, input[0], s.size, s.stride.value_or(s.size), 0);
          },
          [&](const AvgPoolSettings& s) {
            return window(input, input[0], s.size, s.stride.value_or(s.size), 0);
          },
          [&](const LinearSettings& s) {
            if (input.size() != 1) {
              throw ConfigError(str_format(
                  "needs [features], but its input is {}; put `flatten` or `global_avg_pool` before it",
                  format_shape(input)));
            }
            return Shape{s.out};
          },
          [&](const GlobalAvgPoolSettings&) {
            require_image(input);
            return Shape{input[0]};
          },
          [&](const FlattenSettings&) {
            return Shape{std::accumulate(input.begin(), input.end(), int64_t{1}, std::multiplies<>())};
          },
          [&](const BatchNormSettings&) {
            require_image(input);
            return input;
          },
          [&](const GroupNormSettings& s) {
            if (input[0] % s.groups != 0) {
              throw ConfigError(
                  str_format("{} groups do not divide the {} channels of its input", s.groups, input[0]));
            }
            return input;
          },
          [&](const auto&) { return input; },
      },
      layer);
}

}  // namespace

std::string kind_of(const SequentialLayer& layer) {
  static const char* const kinds[] = {"conv",       "linear",    "max_pool", "avg_pool", "global_avg_pool",
                                      "flatten",    "relu",      "gelu",     "silu",     "dropout",
                                      "batch_norm", "group_norm"};
  static_assert(std::size(kinds) == std::variant_size_v<SequentialLayer>);
  return kinds[layer.index()];
}

std::vector<Shape> sequential_shapes(const SequentialSettings& settings) {
  if (settings.layers.empty()) throw ConfigError("layers: give at least one");
  std::vector<Shape> shapes{settings.input};
  for (size_t i = 0; i < settings.layers.size(); ++i) {
    try {
      shapes.push_back(shape_after(settings.layers[i], shapes.back()));
    } catch (const ConfigError& error) {
      throw ConfigError(str_format("layers[{}] ({}): {}", i, kind_of(settings.layers[i]), error.what()));
    }
  }
  if (shapes.back().size() != 1) {
    throw ConfigError(str_format("layers[{}] ({}): the last layer must leave [classes], but leaves {}",
                                 settings.layers.size() - 1, kind_of(settings.layers.back()),
                                 format_shape(shapes.back())));
  }
  return shapes;
}

void describe(config::Fields<ConvSettings>& f) {
  f.about("Two-dimensional convolution.");
  f.add("out", &ConvSettings::out, "Channels of the output.").at_least(1);
  f.add("kernel", &ConvSettings::kernel, "Height and width of the window.").at_least(1);
  f.add("stride", &ConvSettings::stride, "Step of the window.").at_least(1);
  f.add("padding", &ConvSettings::padding, "Zeros added on each side.").at_least(0);
  f.add("bias", &ConvSettings::bias, "Adds a learned number per channel.");
}

void describe(config::Fields<LinearSettings>& f) {
  f.about("Linear layer.");
  f.add("out", &LinearSettings::out, "Features of the output.").at_least(1);
  f.add("bias", &LinearSettings::bias, "Adds a learned number per feature.");
}

void describe(config::Fields<MaxPoolSettings>& f) {
  f.about("Largest value in each window.");
  f.add("size", &MaxPoolSettings::size, "Height and width of the window.").at_least(1);
  f.add("stride", &MaxPoolSettings::stride, "Step of the window; not set: its size.").at_least(1);
}

void describe(config::Fields<AvgPoolSettings>& f) {
  f.about("Mean of each window.");
  f.add("size", &AvgPoolSettings::size, "Height and width of the window.").at_least(1);
  f.add("stride", &AvgPoolSettings::stride, "Step of the window; not set: its size.").at_least(1);
}

void describe(config::Fields<DropoutSettings>& f) {
  f.about("In training sets values to zero at random.");
  f.add("rate", &DropoutSettings::rate, "Share of values set to zero.").at_least(0).below(1);
}

void describe(config::Fields<GroupNormSettings>& f) {
  f.about("Normalisation over groups of channels of a sample.");
  f.add("groups", &GroupNormSettings::groups, "Number of groups; divides the channels.").at_least(1);
}

void describe(config::Fields<SequentialLayer>& f) {
  f.about("One layer of a sequential model.");
  f.choice<ConvSettings>("conv", "Two-dimensional convolution.");
  f.choice<LinearSettings>("linear", "Linear layer.");
  f.choice<MaxPoolSettings>("max_pool", "Largest value in each window.");
  f.choice<AvgPoolSettings>("avg_pool", "Mean of each window.");
  f.choice<GlobalAvgPoolSettings>("global_avg_pool", "Mean over height and width.");
  f.choice<FlattenSettings>("flatten", "All values of a sample in one row.");
  f.choice<ReluSettings>("relu", "max(x, 0).");
  f.choice<GeluSettings>("gelu", "Gaussian error linear unit.");
  f.choice<SiluSettings>("silu", "Sigmoid linear unit.");
  f.choice<DropoutSettings>("dropout", "Zeroes values at random in training.");
  f.choice<BatchNormSettings>("batch_norm", "Batch normalisation.");
  f.choice<GroupNormSettings>("group_norm", "Group normalisation.");
}

void describe(config::Fields<SequentialSettings>& f) {
  f.about("Layers spelled out one by one; shapes are inferred from the input.");
  f.add("input", &SequentialSettings::input, "Shape of an image: [channels, height, width].")
      .min_items(3)
      .max_items(3)
      .at_least(1);
  f.add("layers", &SequentialSettings::layers, "Layers in order; the last leaves one number a class.");
  f.check([](const SequentialSettings& s, config::Checks& checks) {
    try {
      sequential_shapes(s);
    } catch (const ConfigError& error) {
      checks.problem("layers", error.what());
    }
  });
}

}  // namespace echelon::models
