// Which columns hold the texts that a model reads.
#pragma once

#include <string>
#include <vector>

#include "predict/settings.h"

namespace echelon::predict {

/// The columns of a model's `inputs` ("text", …), in their order: called like them, or as `settings.inputs`
/// says. Throws ConfigError for settings of inputs that it has not, and of what models of texts do not have.
std::vector<std::string> text_columns(const PredictSettings& settings,
                                      const std::vector<std::string>& inputs);

}  // namespace echelon::predict
