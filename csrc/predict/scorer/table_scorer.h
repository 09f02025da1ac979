// Rows of a table → what a model that was trained on tables says of them.
#pragma once

#include <memory>

#include "predict/scorer/model.h"
#include "predict/scorer/scorer.h"

namespace echelon::predict {

/// Usually PostprocessKind::kClass or kRegression. The columns are those of the training data, as
/// `settings.rename` calls them. Throws ConfigError where `inputs`, `rename` or `postprocess` do not fit the
/// model.
std::unique_ptr<Scorer> make_table_scorer(LoadedModel model, const PredictSettings& settings);

}  // namespace echelon::predict
