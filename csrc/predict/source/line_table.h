// Text, a row a line.
#pragma once

#include <memory>
#include <string>

#include "storage/random_access_file.h"
#include "table/table_file.h"

namespace echelon::predict {

/// One column, of this name. Lines end with LF or CRLF, the last may end with the file; an empty line is an
/// empty text, so that rows are lines. A byte order mark at the start is left out. A line that is no UTF-8 is
/// a block of its own, whose read() throws DataError that names the line. Reads the file once. Throws
/// DataError for a line longer than `max_line_bytes`.
std::unique_ptr<table::TableFile> open_line_table(std::shared_ptr<const storage::RandomAccessFile> file,
                                                  const std::string& column,
                                                  int64_t block_bytes = int64_t{16} << 20,
                                                  int64_t max_line_bytes = int64_t{64} << 20);

}  // namespace echelon::predict
