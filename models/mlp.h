// Linear layers with a non-linearity between them.
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// Of tables (MlpSettings::table): "features" real [batch, number] and "categories" int64 [batch, feature],
/// each where there are any → "logits" [batch, classes], or "prediction" [batch, 1] of a number. Else
/// "image" [batch, channel, height, width] → "logits" [batch, classes]. Hidden weights start after He et al.
/// (1502.01852).
nn::ModelSpec make_mlp(const MlpSettings& settings);

}  // namespace echelon::models
