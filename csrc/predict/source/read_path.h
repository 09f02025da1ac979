// Files that rows name.
#pragma once

#include <cstdint>
#include <string>

#include "storage/storage.h"

namespace echelon::predict {

/// The content of the file `path`, wherever it lies; counted as LoadStage::kRead. Throws DataError: the path
/// is empty, the file is not there or has more than `max_bytes`.
std::string read_path(storage::Storage& storage, const std::string& path, int64_t max_bytes);

}  // namespace echelon::predict
