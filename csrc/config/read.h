// From a tree of nodes to a described struct.
#pragma once

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// Fills the default-constructed struct at `value` from `root`, which must be a map. What is wrong goes to
/// `problems`; the fields concerned keep their defaults.
void read_settings(const Section& section, const Node& root, void* value, Problems& problems);

}  // namespace echelon::config
