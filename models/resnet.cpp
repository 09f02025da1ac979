#include "models/resnet.h"

#include <ATen/ATen.h>

#include <array>

#include "common/format.h"
#include "models/chain.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_norm.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/group_norm.h"
#include "nn/layers/linear.h"
#include "nn/layers/pooling.h"

namespace echelon::models {
namespace {

nn::Conv2dOptions convolution(int64_t kernel, int64_t stride) {
  return {.kernel = kernel,
          .stride = stride,
          .padding = kernel / 2,
          .bias = false,
          .weight_init = nn::init::kaiming_normal(nn::init::Fan::kOut)};
}

class ResnetLayer : public nn::UnaryLayer {
 protected:
  /// Batch or group normalisation, as the settings say. With `zero_weight` its output starts as zero.
  nn::UnaryLayer& add_norm(const nn::BuildOptions& options, const std::string& name,
                           const ResnetSettings& settings, int64_t channels, bool zero_weight = false) {
    const nn::Initializer weight = zero_weight ? nn::init::zeros() : nn::init::ones();
    if (settings.norm == "group") {
      return add_child<nn::GroupNorm>(options, name, settings.norm_groups, channels,
                                      nn::GroupNormOptions{.weight_init = weight});
    }
    return add_child<nn::BatchNorm>(options, name, channels, nn::BatchNormOptions{.weight_init = weight});
  }
};

/// 1×1 convolution and norm on the skip connection, where the shape changes.
class Downsample : public ResnetLayer {
 public:
  Downsample(const nn::BuildOptions& options, const ResnetSettings& settings, int64_t in, int64_t out,
             int64_t stride)
      : conv_(add_child<nn::Conv2d>(options, "0", in, out, convolution(1, stride))),
        norm_(add_norm(options, "1", settings, out)) {}

  at::Tensor apply(const at::Tensor& input, const nn::Context& context) override {
    return norm_.apply(conv_.apply(input, context), context);
  }

 private:
  nn::Conv2d& conv_;
  nn::UnaryLayer& norm_;
};

/// Two 3×3 convolutions (basic), or 1×1, 3×3, 1×1 with four times the channels at the end (bottleneck),
/// beside a skip connection.
class ResidualBlock : public ResnetLayer {
 public:
  struct Shape {
    int64_t in;
    int64_t width;
    int64_t out;
    int64_t stride;
    bool bottleneck;
  };

  ResidualBlock(const nn::BuildOptions& options, const ResnetSettings& settings, const Shape& shape) {
    const bool zero = settings.zero_init_residual;
    if (shape.bottleneck) {
      add_convolution(options, settings, shape.in, shape.width, convolution(1, 1));
      add_convolution(options, settings, shape.width, shape.width, convolution(3, shape.stride));
      add_convolution(options, settings, shape.width, shape.out, convolution(1, 1), zero);
    } else {
      add_convolution(options, settings, shape.in, shape.width, convolution(3, shape.stride));
      add_convolution(options, settings, shape.width, shape.out, convolution(3, 1), zero);
    }
    if (shape.stride != 1 || shape.in != shape.out) {
      downsample_ =
          &add_child<Downsample>(options, "downsample", settings, shape.in, shape.out, shape.stride);
    }
  }

  at::Tensor apply(const at::Tensor& input, const nn::Context& context) override {
    at::Tensor x = input;
    for (size_t i = 0; i < convolutions_.size(); ++i) {
      x = norms_[i]->apply(convolutions_[i]->apply(x, context), context);
      if (i + 1 < convolutions_.size()) x = x.relu_();
    }
    return x.add_(downsample_ ? downsample_->apply(input, context) : input).relu_();
  }

 private:
  void add_convolution(const nn::BuildOptions& options, const ResnetSettings& settings, int64_t in,
                       int64_t out, const nn::Conv2dOptions& conv, bool zero = false) {
    const size_t number = convolutions_.size() + 1;
    convolutions_.push_back(&add_child<nn::Conv2d>(options, str_format("conv{}", number), in, out, conv));
    norms_.push_back(&add_norm(options, str_format("bn{}", number), settings, out, zero));
  }

  std::vector<nn::Conv2d*> convolutions_;
  std::vector<nn::UnaryLayer*> norms_;
  Downsample* downsample_ = nullptr;
};

struct Depth {
  std::array<int, 4> blocks;  // of each stage (table 1 of the paper)
  bool bottleneck;
};

Depth depth_of(int64_t layers) {
  if (layers == 18) return {{2, 2, 2, 2}, false};
  return {{3, 4, 6, 3}, layers == 50};
}

}  // namespace

nn::ModelSpec make_resnet(const ResnetSettings& settings) {
  const Depth depth = depth_of(settings.depth);
  Chain chain("resnet", "image");
  chain.add<nn::Conv2d>("conv1", settings.input[0], settings.base_width, convolution(7, 2));
  if (settings.norm == "group") {
    chain.add<nn::GroupNorm>("bn1", settings.norm_groups, settings.base_width);
  } else {
    chain.add<nn::BatchNorm>("bn1", settings.base_width);
  }
  chain.add<nn::ActivationLayer>("relu", nn::Activation::kRelu);
  chain.add<nn::MaxPool2d>("maxpool", 3, 2, 1);
  int64_t channels = settings.base_width;
  for (size_t stage = 0; stage < depth.blocks.size(); ++stage) {
    const int64_t width = settings.base_width << stage;
    for (int block = 0; block < depth.blocks[stage]; ++block) {
      const int64_t out = depth.bottleneck ? 4 * width : width;
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      chain.add<ResidualBlock>(str_format("layer{}.{}", stage + 1, block), settings,
                               ResidualBlock::Shape{channels, width, out, stride, depth.bottleneck});
      channels = out;
    }
  }
  chain.add<nn::AdaptiveAvgPool2d>("avgpool");
  chain.add<nn::Flatten>("flatten");
  chain.add<nn::Linear>("fc", channels, settings.classes,
                        nn::LinearOptions{.weight_init = nn::init::fan_in_uniform(),
                                          .bias_init = nn::init::fan_in_uniform(channels)});
  return chain.finish("logits");
}

}  // namespace echelon::models
