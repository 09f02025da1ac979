// How a language model is run.
#pragma once

#include "models/settings.h"
#include "predict/inference/inference.h"

namespace echelon::predict {

/// In the passes of a generate::LanguageStage. `spec`: of the model of these settings, which
/// generate::writes().
Passes language_passes(const nn::ModelSpec& spec, const models::ModelSettings& settings, at::Device device);

}  // namespace echelon::predict
