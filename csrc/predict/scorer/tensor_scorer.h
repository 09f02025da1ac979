// Rows → what a model from outside, TorchScript or a compiled package, says of them.
#pragma once

#include <memory>

#include "predict/scorer/scorer.h"
#include "predict/settings.h"
#include "predict/tensor_model/tensor_model.h"

namespace echelon::predict {

/// Usually PostprocessKind::kRaw. Rows go through the model at most `settings.batch` at once, those whose
/// lists are as long together; where it refuses several, each alone, so that one bad row spoils no other. The
/// model is asked once for two rows of zeros where the shapes of its inputs are known, which tells what it
/// makes before anything is scored. Throws ConfigError where the settings do not fit the model.
std::unique_ptr<Scorer> make_tensor_scorer(std::unique_ptr<const TensorModel> model,
                                           const PredictSettings& settings);

}  // namespace echelon::predict
