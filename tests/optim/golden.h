// The numbers of tests/golden/optimizers.py.
#pragma once

#include "checkpoint/safetensors.h"

namespace echelon::optim {

inline const checkpoint::SafetensorsFile& golden() {
  static const checkpoint::SafetensorsFile file(fs::path(ECHELON_SOURCE_DIR) /
                                                "tests/golden/optimizers.safetensors");
  return file;
}

}  // namespace echelon::optim
