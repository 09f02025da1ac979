#include "models/convnet.h"

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

nn::ModelSpec make_convnet(const ConvnetSettings& settings) {
  Chain chain("convnet", "image");
  int64_t channels = settings.input[0], height = settings.input[1], width = settings.input[2];
  for (size_t i = 0; i < settings.channels.size(); ++i) {
    const nn::Conv2dOptions conv{.kernel = 3, .padding = 1, .bias = settings.norm == "none"};
    chain.add<nn::Conv2d>(str_format("conv.{}", i), channels, settings.channels[i], conv);
    channels = settings.channels[i];
    if (settings.norm == "batch") chain.add<nn::BatchNorm>(str_format("norm.{}", i), channels);
    if (settings.norm == "group")
      chain.add<nn::GroupNorm>(str_format("norm.{}", i), settings.norm_groups, channels);
    chain.add<nn::ActivationLayer>(str_format("relu.{}", i), nn::Activation::kRelu);
    chain.add<nn::MaxPool2d>(str_format("pool.{}", i), 2, 2);
    height /= 2;
    width /= 2;
  }
  chain.add<nn::Flatten>("flatten");
  if (settings.dropout > 0) chain.add<nn::Dropout>("dropout.flat", settings.dropout);
  chain.add<nn::Linear>("hidden", channels * height * width, settings.hidden);
  chain.add<nn::ActivationLayer>("relu.hidden", nn::Activation::kRelu);
  if (settings.dropout > 0) chain.add<nn::Dropout>("dropout.hidden", settings.dropout);
  chain.add<nn::Linear>("head", settings.hidden, settings.classes,
                        nn::LinearOptions{.weight_init = nn::init::fan_in_uniform()});
  return chain.finish("logits");
}

}  // namespace echelon::models
