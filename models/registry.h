// From the configuration to the model.
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// The description of the model; ModelSpec::family is its name in the configuration. Throws ConfigError as
/// sequential_shapes().
nn::ModelSpec make_model(const ModelSettings& settings);

}  // namespace echelon::models
