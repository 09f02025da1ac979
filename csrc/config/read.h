// From a tree of nodes to a described struct.
#pragma once

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// Whether files that a configuration names as input have to be there: not where it is only looked at.
enum class InputFiles { kMustExist, kMayBeMissing };

/// Fills the default-constructed struct at `value` from `root`, which must be a map. What is wrong goes to
/// `problems`; the fields concerned keep their defaults.
void read_settings(const Section& section, const Node& root, void* value, Problems& problems,
                   InputFiles files = InputFiles::kMustExist);

}  // namespace echelon::config
