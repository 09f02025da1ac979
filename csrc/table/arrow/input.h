// Our files as Arrow's.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "storage/random_access_file.h"

namespace echelon::table {

/// Whether what a reader asks for ahead is read by Arrow's own threads, which may hold the reader and its
/// memory for a moment longer than its user does.
enum class ReadAhead { kInThreads, kAtOnce };

std::shared_ptr<arrow::io::RandomAccessFile> arrow_input(
    std::shared_ptr<const storage::RandomAccessFile> file, ReadAhead ahead = ReadAhead::kInThreads);

}  // namespace echelon::table
