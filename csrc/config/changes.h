// What a configuration sets otherwise than the defaults.
#pragma once

#include <string>
#include <vector>

#include "config/type.h"

namespace echelon::config {

/// One line for every field of the struct at `value` that differs from its default: "optimizer.lr: 0.001".
/// The defaults of another alternative, or of a section that is off by default, are its own.
std::vector<std::string> changed_lines(const Section& section, const void* value);

}  // namespace echelon::config
