// Texts → one vector each.
#pragma once

#include <memory>

#include "checkpoint/hugging_face/model.h"
#include "predict/inference/inference.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon::predict {

/// `inference`: of the BERT. PostprocessKind::kEmbedding of the column that `settings.inputs.text` names
/// ("text"), as the folder and `settings.postprocess` say. Rows go through the model sorted by length, at
/// most `settings.batch_tokens` tokens at once. Throws ConfigError where the settings do not fit the model,
/// CheckpointError.
std::unique_ptr<Scorer> make_text_scorer(const checkpoint::HuggingFaceModel& model,
                                         std::shared_ptr<const Inference> inference,
                                         const PredictSettings& settings);

}  // namespace echelon::predict
