// One image that lies in a file of its own.
#pragma once

#include <memory>
#include <string>

#include "storage/storage.h"
#include "table/table_file.h"

namespace echelon::predict {

/// A row with the columns `path` (text), as `name` is written, and `image` (bytes). Nothing is opened before
/// it is read, which throws DataError: the file is not there, cannot be read, or is longer than
/// data::kMaxEncodedImage. `storage` must outlive it.
std::unique_ptr<table::TableFile> open_image_file(storage::Storage& storage, const std::string& name);

}  // namespace echelon::predict
