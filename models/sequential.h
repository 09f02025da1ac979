// A model whose layers the configuration spells out.
#pragma once

#include "models/sequential_settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "image" [batch, channel, height, width] → "logits" [batch, classes]. Layer i of kind "conv" is called
/// "i.conv". Weights of convolutions and linear layers start after He et al. (1502.01852), the last layer's
/// uniformly by fan in. Throws ConfigError as sequential_shapes().
nn::ModelSpec make_sequential(const SequentialSettings& settings);

}  // namespace echelon::models
