// Our files as Arrow's.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "storage/random_access_file.h"

namespace echelon::table {

std::shared_ptr<arrow::io::RandomAccessFile> arrow_input(
    std::shared_ptr<const storage::RandomAccessFile> file);

}  // namespace echelon::table
