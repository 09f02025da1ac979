// JSON Schema (draft-07) of a described struct: completion, help and warnings in any editor with YAML
// support.
#pragma once

#include <string>

#include "config/type.h"

namespace echelon::config {

/// Accepts what the parser accepts, in so far as one file shows it: whether paths exist, checks between
/// fields and keys that an included file provides are beyond it.
std::string json_schema_text(const Section& root, const std::string& title);

}  // namespace echelon::config
