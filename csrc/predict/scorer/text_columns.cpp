#include "predict/scorer/text_columns.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {

std::vector<std::string> text_columns(const PredictSettings& settings,
                                      const std::vector<std::string>& inputs) {
  if (!settings.rename.empty())
    throw ConfigError("rename: for a model of texts, inputs names the columns of the texts");
  std::vector<std::string> columns = inputs;
  for (const auto& [input, given] : settings.inputs) {
    const auto found = std::ranges::find(inputs, input);
    if (found == inputs.end())
      throw ConfigError(
          str_format("inputs.{}: the model has no such input here, only {}", input, join(inputs, " and ")));
    if (given.size() != 1) throw ConfigError(str_format("inputs.{}: one column holds the texts", input));
    columns[static_cast<size_t>(found - inputs.begin())] = given.front();
  }
  return columns;
}

}  // namespace echelon::predict
