#include "parallel/pipeline/toys.h"

#include <ATen/ATen.h>

#include "common/format.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"

namespace echelon::parallel::testing {
namespace {

/// Values of a formula, between -1 and 1; `kind` tells tensors apart.
at::Tensor numbers(at::IntArrayRef shape, int64_t kind) {
  const at::Tensor count = at::arange(c10::multiply_integers(shape), at::kDouble);
  return at::sin(count * 0.7 + 1.3 * static_cast<double>(kind)).view(shape);
}

/// Weighted, so that no two elements have the same gradient.
at::Tensor weighted_mean(const at::Tensor& values, int64_t kind) {
  return (at::tanh(values) * numbers(values.sizes(), kind + 3)).mean();
}

struct ConvolutionShape {
  int64_t in, out, stride = 1;
  bool enlarge = false;  ///< twice the height and width
};

/// tanh of a convolution of all inputs together.
class Convolution : public nn::Layer {
 public:
  Convolution(const nn::BuildOptions& options, ConvolutionShape shape)
      : convolution_(
            add_child<nn::Conv2d>(options, "convolution", shape.in, shape.out,
                                  nn::Conv2dOptions{.kernel = 3, .stride = shape.stride, .padding = 1})),
        enlarge_(shape.enlarge) {}

  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context& context) override {
    const at::Tensor output = at::tanh(convolution_.apply(at::cat(inputs, 1), context));
    return {enlarge_ ? at::upsample_nearest2d(output, {2 * output.size(2), 2 * output.size(3)}) : output};
  }

 private:
  nn::Conv2d& convolution_;
  bool enlarge_;
};

/// tanh of a linear layer of the sum of all inputs.
class Dense : public nn::Layer {
 public:
  Dense(const nn::BuildOptions& options, int64_t in, int64_t out, bool bias)
      : linear_(add_child<nn::Linear>(options, "linear", in, out, nn::LinearOptions{.bias = bias})) {}

  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context& context) override {
    at::Tensor sum = inputs[0];
    for (const at::Tensor& input : inputs.slice(1)) sum = sum + input;
    return {at::tanh(linear_.apply(sum, context))};
  }

 private:
  nn::Linear& linear_;
};

/// x, tokens → x · embedding(tokens).
class TokenFactor : public nn::Layer {
 public:
  TokenFactor(const nn::BuildOptions& options, int64_t vocabulary, int64_t width)
      : embedding_(add_child<nn::Embedding>(options, "embedding", vocabulary, width, nn::init::normal(1.0))) {
  }

  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context& context) override {
    return {inputs[0] * embedding_.apply(inputs[1], context)};
  }

 private:
  nn::Embedding& embedding_;
};

/// x, mask → x, with zeros where the mask is zero.
class Masked : public nn::Layer {
 public:
  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context&) override {
    return {inputs[0] * inputs[1].unsqueeze(-1)};
  }
};

template <class L, class... Arguments>
nn::LayerSpec layer(std::string name, std::vector<std::string> inputs, std::string output,
                    Arguments... arguments) {
  return {std::move(name), std::move(inputs), {std::move(output)}, [=](const nn::BuildOptions& options) {
            return std::make_unique<L>(options, arguments...);
          }};
}

nn::LayerSpec dense(std::string name, std::vector<std::string> inputs, std::string output, int64_t in,
                    int64_t out, bool bias = true) {
  return layer<Dense>(std::move(name), std::move(inputs), std::move(output), in, out, bias);
}

at::Tensor tokens(int64_t samples, int64_t length, int64_t vocabulary, int64_t micro_batch) {
  return at::arange(samples * length, at::kLong)
      .mul_(7)
      .add_(micro_batch)
      .remainder_(vocabulary)
      .view({samples, length});
}

}  // namespace

std::vector<size_t> first_layers(const Toy& toy, int stages) {
  if (stages == 4 && !toy.four_stages.empty()) return toy.four_stages;
  std::vector<size_t> first;
  const auto count = static_cast<size_t>(stages);
  for (size_t stage = 0; stage < count; ++stage) first.push_back(stage * toy.spec.layers.size() / count);
  return first;
}

Toy unet() {
  Toy toy{.name = "unet", .four_stages = {0, 1, 3, 6}};
  toy.spec.family = "unet";
  toy.spec.inputs = {"image"};
  toy.spec.outputs = {"x"};
  using Shape = ConvolutionShape;
  toy.spec.layers = {
      layer<Convolution>("stem", {"image"}, "skip.0", Shape{.in = 2, .out = 3}),
      layer<Convolution>("down.1", {"skip.0"}, "skip.1", Shape{.in = 3, .out = 4, .stride = 2}),
      layer<Convolution>("down.2", {"skip.1"}, "skip.2", Shape{.in = 4, .out = 5, .stride = 2}),
      layer<Convolution>("middle.0", {"skip.2"}, "x", Shape{.in = 5, .out = 5}),
      layer<Convolution>("middle.1", {"x"}, "x", Shape{.in = 5, .out = 5}),
      layer<Convolution>("up.2", {"x", "skip.2"}, "x", Shape{.in = 10, .out = 4, .enlarge = true}),
      layer<Convolution>("up.1", {"x", "skip.1"}, "x", Shape{.in = 8, .out = 3, .enlarge = true}),
      layer<Convolution>("up.0", {"x", "skip.0"}, "x", Shape{.in = 6, .out = 2}),
      layer<Convolution>("head", {"x"}, "x", Shape{.in = 2, .out = 1}),
  };
  toy.inputs = [](int64_t micro_batch) {
    return nn::Activations{{"image", numbers({2, 2, 8, 8}, micro_batch)}};
  };
  toy.loss = [](const nn::Activations& outputs, int64_t micro_batch) {
    return weighted_mean(outputs.at("x"), micro_batch);
  };
  return toy;
}

Toy text_with_mask() {
  constexpr int64_t kVocabulary = 11, kWidth = 6, kSamples = 2;
  Toy toy{.name = "text"};
  toy.spec.family = "text";
  toy.spec.inputs = {"tokens", "mask"};
  toy.spec.outputs = {"logits", "value"};
  std::vector<nn::LayerSpec>& layers = toy.spec.layers;
  layers.push_back(
      layer<nn::Embedding>("embed", {"tokens"}, "x", kVocabulary, kWidth, nn::init::normal(1.0)));
  layers.push_back(dense("block.0", {"x"}, "x", kWidth, kWidth));
  layers.push_back(dense("value", {"x"}, "value", kWidth, 1));
  for (int i = 1; i < 6; ++i) layers.push_back(dense(str_format("block.{}", i), {"x"}, "x", kWidth, kWidth));
  layers.push_back(layer<TokenFactor>("again", {"x", "tokens"}, "x", kVocabulary, kWidth));
  layers.push_back(
      {"masked", {"x", "mask"}, {"x"}, [](const nn::BuildOptions&) { return std::make_unique<Masked>(); }});
  layers.push_back(dense("head", {"x"}, "logits", kWidth, kVocabulary));
  toy.inputs = [](int64_t micro_batch) {
    const int64_t length = 1 + (5 * micro_batch) % 7;
    return nn::Activations{{"tokens", tokens(kSamples, length, kVocabulary, micro_batch)},
                           {"mask", numbers({kSamples, length}, micro_batch)}};
  };
  toy.loss = [](const nn::Activations& outputs, int64_t micro_batch) {
    return weighted_mean(outputs.at("logits"), micro_batch) + outputs.at("value").pow(2).mean();
  };
  return toy;
}

Toy tied() {
  constexpr int64_t kWidth = 5;
  Toy toy{.name = "tied"};
  toy.spec.family = "tied";
  toy.spec.inputs = {"tokens"};
  toy.spec.outputs = {"x"};
  toy.spec.layers.push_back(layer<nn::Embedding>("embed", {"tokens"}, "x", kWidth, kWidth,
                                                 nn::init::kaiming_normal(nn::init::Fan::kIn)));
  for (int i = 0; i < 7; ++i)
    toy.spec.layers.push_back(dense(str_format("block.{}", i), {"x"}, "x", kWidth, kWidth, i % 2 == 0));
  toy.spec.layers.push_back(dense("head", {"x"}, "x", kWidth, kWidth));
  toy.spec.ties = {{"embed.weight", "block.2.linear.weight"},
                   {"embed.weight", "head.linear.weight"},
                   {"block.0.linear.weight", "block.5.linear.weight"},
                   {"block.1.linear.weight", "block.4.linear.weight"}};
  toy.inputs = [](int64_t micro_batch) {
    return nn::Activations{{"tokens", tokens(2, 3, kWidth, micro_batch)}};
  };
  toy.loss = [](const nn::Activations& outputs, int64_t micro_batch) {
    return weighted_mean(outputs.at("x"), micro_batch);
  };
  return toy;
}

Toy chain(size_t layers) {
  constexpr int64_t kWidth = 3;
  Toy toy{.name = str_format("chain of {}", layers)};
  toy.spec.family = "chain";
  toy.spec.inputs = {"x"};
  toy.spec.outputs = {"x"};
  for (size_t i = 0; i < layers; ++i) {
    std::vector<std::string> inputs = {"x"};
    if (i > 1 && i + 1 == layers) inputs.emplace_back("first");
    const bool is_first = i == 0 && layers > 2;
    toy.spec.layers.push_back(
        dense(str_format("layer.{}", i), inputs, is_first ? "first" : "x", kWidth, kWidth, false));
    if (i == 1 && layers > 2) toy.spec.layers.back().inputs = {"first"};
  }
  toy.inputs = [](int64_t micro_batch) { return nn::Activations{{"x", numbers({2, kWidth}, micro_batch)}}; };
  toy.loss = [](const nn::Activations& outputs, int64_t micro_batch) {
    return weighted_mean(outputs.at("x"), micro_batch);
  };
  return toy;
}

}  // namespace echelon::parallel::testing
