// Work that is cut into units, whatever kind it is.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "work/unit_output.h"

namespace echelon::work {

class OutputFolder;

/// A unit is the only maker of its files and a function of input and settings alone, so that any number of
/// ranks and threads makes the same, and work that was killed goes on with the units that are missing.
class Task {
 public:
  virtual ~Task() = default;

  /// What is read: a change of any makes it other work.
  virtual std::vector<InputFile> inputs() const = 0;
  virtual int64_t units() const = 0;
  /// Makes the files of a unit; their names are no other unit's. Several threads call it at once. Throws
  /// DataError that names the file and the place in it.
  virtual UnitOutput make(int64_t unit, const OutputFolder& folder) const = 0;
  /// What depends on all units; called once, by rank 0, with their outputs in order.
  virtual UnitOutput finish(const std::vector<UnitOutput>& units, const OutputFolder& folder) const;
};

}  // namespace echelon::work
