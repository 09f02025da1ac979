#include "models/sequential.h"

#include "common/format.h"
#include "models/chain.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dropout.h"
#include "nn/layers/group_norm.h"
#include "nn/layers/linear.h"
#include "nn/layers/pooling.h"

namespace echelon::models {
namespace {

/// Adds the layer that each alternative of SequentialLayer stands for.
struct Adder {
  Chain& chain;
  std::string name;
  int64_t in;  // channels or features of the input
  nn::Initializer weight_init;

  void operator()(const ConvSettings& s) {
    chain.add<nn::Conv2d>(name, in, s.out,
                          nn::Conv2dOptions{s.kernel, s.stride, s.padding, s.bias, weight_init});
  }
  void operator()(const LinearSettings& s) {
    chain.add<nn::Linear>(name, in, s.out, nn::LinearOptions{.bias = s.bias, .weight_init = weight_init});
  }
  void operator()(const MaxPoolSettings& s) {
    chain.add<nn::MaxPool2d>(name, s.size, s.stride.value_or(s.size));
  }
  void operator()(const AvgPoolSettings& s) {
    chain.add<nn::AvgPool2d>(name, s.size, s.stride.value_or(s.size));
  }
  void operator()(const GlobalAvgPoolSettings&) { chain.add<GlobalAvgPool>(name); }
  void operator()(const FlattenSettings&) { chain.add<nn::Flatten>(name); }
  void operator()(const ReluSettings&) { chain.add<nn::ActivationLayer>(name, nn::Activation::kRelu); }
  void operator()(const GeluSettings&) { chain.add<nn::ActivationLayer>(name, nn::Activation::kGelu); }
  void operator()(const SiluSettings&) { chain.add<nn::ActivationLayer>(name, nn::Activation::kSilu); }
  void operator()(const DropoutSettings& s) { chain.add<nn::Dropout>(name, s.rate); }
  void operator()(const BatchNormSettings&) { chain.add<nn::BatchNorm>(name, in); }
  void operator()(const GroupNormSettings& s) { chain.add<nn::GroupNorm>(name, s.groups, in); }

  /// To [batch, channel], unlike nn::AdaptiveAvgPool2d.
  class GlobalAvgPool : public nn::UnaryLayer {
   public:
    at::Tensor apply(const at::Tensor& input, const nn::Context&) override { return input.mean({2, 3}); }
  };
};

}  // namespace

nn::ModelSpec make_sequential(const SequentialSettings& settings) {
  const std::vector<Shape> shapes = sequential_shapes(settings);
  Chain chain("sequential", "image");
  for (size_t i = 0; i < settings.layers.size(); ++i) {
    const bool last = i + 1 == settings.layers.size();
    const SequentialLayer& layer = settings.layers[i];
    std::visit(Adder{chain, str_format("{}.{}", i, kind_of(layer)), shapes[i][0],
                     last ? nn::init::fan_in_uniform() : nn::init::kaiming_normal(nn::init::Fan::kIn)},
               layer);
  }
  return chain.finish("logits");
}

}  // namespace echelon::models
