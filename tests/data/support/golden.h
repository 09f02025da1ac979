// The files beside the tests that reference implementations made.
#pragma once

#include <string>
#include <vector>

#include "common/file.h"

namespace echelon::data {

inline std::string golden_path(const std::string& name) {
  return ECHELON_SOURCE_DIR "/tests/data/golden/" + name;
}

inline std::vector<uint8_t> golden(const std::string& name) {
  const std::string bytes = read_file(golden_path(name));
  return {bytes.begin(), bytes.end()};
}

}  // namespace echelon::data
