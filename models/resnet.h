// Residual networks after He et al., "Deep Residual Learning for Image Recognition" (1512.03385).
//
// A bottleneck's stride lies in its 3×3 convolution, and tensors are named, both as in torchvision
// ("layer1.0.conv1.weight"), so that its weights load unchanged.
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "image" [batch, channel, height, width] → "logits" [batch, classes]. Convolutions start after He et al.
/// (1502.01852) by fan out, the classifier uniformly by fan in, as in torchvision.
nn::ModelSpec make_resnet(const ResnetSettings& settings);

}  // namespace echelon::models
