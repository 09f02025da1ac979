// The files beside the tests that reference implementations made.
#pragma once

#include <string>
#include <vector>

#include "common/file.h"

namespace echelon::image {

inline std::vector<uint8_t> golden(const std::string& name) {
  const std::string bytes = read_file(ECHELON_SOURCE_DIR "/tests/image/golden/" + name);
  return {bytes.begin(), bytes.end()};
}

}  // namespace echelon::image
