// Names in the settings that must be names of the model.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace echelon::predict {

/// Throws ConfigError that names the setting `key` and the nearest of `known` unless `name` is one of them.
/// `kind`: what they are, "feature ", where that is not clear from the key.
void require_name(const std::string& key, const std::string& name, const std::vector<std::string>& known,
                  std::string_view kind = "");

}  // namespace echelon::predict
