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

/// Throws the UnavailableError with which a read of `input` ended, if one did. Needed where a reader hands on
/// no more of a status than its text. `input` is of arrow_input() with ReadAhead::kAtOnce.
void rethrow_unavailable(const arrow::io::RandomAccessFile& input);

}  // namespace echelon::table
