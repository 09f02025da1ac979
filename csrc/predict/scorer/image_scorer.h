// Images → what a model that was trained on images says of them.
#pragma once

#include <memory>

#include "predict/scorer/model.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon::predict {

/// Of the column image_column(): encoded images, or paths to them, which may lie in object stores. They are
/// resized, cropped and normalised as evaluation does in training. An image that is missing, damaged, longer
/// than data::kMaxEncodedImage or cannot be read is a problem of its row. `model`: trained on images. Throws
/// ConfigError where the settings do not fit the model, or it reads more of a sample than its image.
std::unique_ptr<Scorer> make_image_scorer(LoadedModel model, const PredictSettings& settings);

}  // namespace echelon::predict
