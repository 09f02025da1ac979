// Linear layers with a non-linearity between them.
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "image" [batch, channel, height, width] → "logits" [batch, classes]. Hidden weights start after He et al.
/// (1502.01852).
nn::ModelSpec make_mlp(const MlpSettings& settings);

}  // namespace echelon::models
