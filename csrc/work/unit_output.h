// What was made of a unit of work.
#pragma once

#include <vector>

#include "work/stored_file.h"

namespace echelon::work {

/// What was made of a unit. `counts` are those of the unit: of its files, and of what was left out.
struct UnitOutput {
  std::vector<StoredFile> files;
  Counts counts;
};

}  // namespace echelon::work
