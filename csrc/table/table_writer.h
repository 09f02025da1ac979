// Columnar data, written as Parquet or JSON lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "table/column.h"
#include "table/settings.h"

namespace echelon::table {

/// Takes the bytes of a file, in order. What it throws comes out of the call that wrote.
using ByteSink = std::function<void(std::span<const std::byte>)>;

struct TableWriterOptions {
  TableFormat format = TableFormat::kParquet;  ///< or kJsonLines
  ParquetCompression compression = ParquetCompression::kZstd;
  /// A row group ends with its rows_per_group-th row, or before with the one that brings its values to
  /// group_bytes. It is held in memory until then. JSON lines have none.
  int64_t rows_per_group = int64_t{1} << 16;
  int64_t group_bytes = int64_t{512} << 20;
  std::map<std::string, std::string>
      metadata{};  ///< key-value pairs of the file; JSON lines have no place for them
};

/// The bytes depend on schema, options and rows alone: neither on how the rows are cut into batches, nor on
/// time and place. Every column may have missing values; timestamps are those of UTC. Used by one thread.
///
/// Parquet: pages have checksums. JSON lines: UTF-8, an object a line with all columns in the order of the
/// schema, whose dotted names stay as they are. Missing values and numbers that are not finite, for which
/// JSON has no word, are null; floats have the fewest digits that give the same number again, and always a
/// point or an exponent; timestamps are ISO 8601 in UTC with microseconds; bytes are base64 (RFC 4648,
/// padded); lists are arrays.
class TableWriter {
 public:
  /// Without close(), what the sink has is no table.
  virtual ~TableWriter() = default;
  /// The rows [begin, end) of all columns of the schema, in its order; text is UTF-8. Throws InternalError
  /// where they do not fit the schema, and, of JSON lines, DataError that names row and column: text that is
  /// not UTF-8, a timestamp outside of the years 0 to 9999. After any exception nothing more can be written.
  virtual void append(std::span<const Column> columns, int64_t begin, int64_t end) = 0;
  void append(std::span<const Column> columns) { append(columns, 0, columns.empty() ? 0 : columns[0].rows); }
  virtual int64_t rows() const = 0;  ///< appended so far
  /// Gives the sink all rows so far: ends the row group, where it has rows.
  virtual void flush() = 0;
  /// Writes what is left and the end of the file.
  virtual void close() = 0;
};

/// `name` is what messages call the file. Throws DataError: no columns, two of one name, a type that cannot
/// be written (kUnsupported, lists of lists), a format that is only read.
std::unique_ptr<TableWriter> open_table_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                               const TableWriterOptions& options = {});

}  // namespace echelon::table
