// What is prepared: work that is cut into units, whatever kind it is.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "prepare/manifest.h"
#include "prepare/new_file.h"

namespace echelon::prepare {

/// What was made of a unit. `counts` are those of the unit: of its files, and of what was left out.
struct UnitOutput {
  std::vector<StoredFile> files;
  Counts counts;
};

/// Where files are made. Thread-safe.
class OutputFolder {
 public:
  explicit OutputFolder(fs::path folder);
  const fs::path& path() const { return folder_; }

  /// A file that belongs to the result. `name` holds no folder.
  std::unique_ptr<NewFile> create(const std::string& name) const;
  /// A file that serves later units or finish(), and is gone at the end; `path` gives its place.
  std::unique_ptr<NewFile> create_intermediate(const std::string& name) const;
  fs::path intermediate(const std::string& name) const;

 private:
  fs::path folder_;
};

/// A unit is the only maker of its files and a function of input and settings alone, so that any number of
/// ranks and threads makes the same bytes, and a preparation that was killed goes on with the units that are
/// missing.
class Task {
 public:
  virtual ~Task() = default;

  /// What is read: a change of any makes it another preparation.
  virtual std::vector<InputFile> inputs() const = 0;
  virtual int64_t units() const = 0;
  /// Makes the files of a unit; their names are no other unit's. Several threads call it at once. Throws
  /// DataError that names the file and the place in it.
  virtual UnitOutput make(int64_t unit, const OutputFolder& folder) const = 0;
  /// What depends on all units; called once, by rank 0, with their outputs in order.
  virtual UnitOutput finish(const std::vector<UnitOutput>& units, const OutputFolder& folder) const;
};

}  // namespace echelon::prepare
