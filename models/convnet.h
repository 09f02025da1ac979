// A small convolutional network for small images (28×28, 32×32).
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "image" [batch, channel, height, width] → "logits" [batch, classes]. Weights before a ReLU start after He
/// et al. (1502.01852). Without normalisation a sample's result does not depend on its batch.
nn::ModelSpec make_convnet(const ConvnetSettings& settings);

}  // namespace echelon::models
