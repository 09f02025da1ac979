// An object store through Arrow.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>

#include "storage/file_system.h"
#include "storage/settings.h"

namespace echelon::table {

/// The store that `location` names, without retries. S3 starts at the first call for it, and ends with the
/// process.
std::shared_ptr<arrow::fs::FileSystem> open_object_store(const storage::Location& location,
                                                         const storage::StorageSettings& settings);

/// `location` gives the names that messages show.
std::unique_ptr<storage::FileSystem> wrap_file_system(std::shared_ptr<arrow::fs::FileSystem> system,
                                                      const storage::Location& location);

}  // namespace echelon::table
