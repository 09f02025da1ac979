// The files beside the tests that reference implementations made.
#pragma once

#include <string>

#include "common/format.h"

namespace echelon::tokenizer {

inline std::string golden_path(const std::string& name) {
  return ECHELON_SOURCE_DIR "/tests/tokenizer/golden/" + name;
}

}  // namespace echelon::tokenizer
