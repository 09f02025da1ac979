// The files that are read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/error.h"
#include "config/declare.h"
#include "storage/storage.h"
#include "work/json_parts.h"

namespace echelon {
class Communicator;
}

namespace echelon::work {

/// Those that paths, globs and ranges name, as rank 0 sees them. Collective. Throws what Storage::expand()
/// throws, on every rank the same.
std::vector<std::string> expand_input(const std::vector<config::InputPath>& patterns,
                                      storage::Storage& storage, Communicator& comm);

/// A file, and what else was found in it.
struct SeenInput {
  InputFile file;
  Json facts;
};

/// What `look` finds in an opened file: an object.
using Look = std::function<Json(const std::string& path, const storage::RandomAccessFile& file)>;

/// What is said of a file that cannot be opened, whose size is 0 and whose version is empty then; or it
/// throws.
using LookAtUnopened = std::function<Json(const DataError& problem)>;

/// Opens each of `paths` once, in place, shared out over the ranks. Collective. Throws what `look` and
/// `unopened` throw, on every rank the same; without `unopened`, the DataError of the first that cannot be
/// opened.
std::vector<SeenInput> look_at_inputs(const std::vector<std::string>& paths, storage::Storage& storage,
                                      Communicator& comm, const Look& look = {},
                                      const LookAtUnopened& unopened = {});

std::vector<InputFile> files_of(const std::vector<SeenInput>& inputs);

}  // namespace echelon::work
