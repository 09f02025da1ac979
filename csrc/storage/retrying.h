// Object stores with patience.
#pragma once

#include <memory>

#include "storage/file_system.h"
#include "storage/retry.h"

namespace echelon::storage {

/// The same file system, each operation of which is tried again as `policy` says, and so are the reads of the
/// files it opens.
std::unique_ptr<FileSystem> with_retries(std::unique_ptr<FileSystem> inner, RetryPolicy policy);

}  // namespace echelon::storage
