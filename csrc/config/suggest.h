// What a person may have meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/type.h"

namespace echelon::config {

/// The message for a name that is none of `allowed`.
std::string not_possible(std::string_view name, std::span<const std::string> allowed);

/// The message for a key that `section`, which stands at `path` below `root`, does not have: where it belongs
/// when another section has it, else the nearest key of this section, else all its keys.
std::string unknown_key(const Section& root, const Section& section, std::string_view path,
                        const std::string& key);

}  // namespace echelon::config
