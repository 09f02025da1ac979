// Columnar data, written as Parquet.
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
  ParquetCompression compression = ParquetCompression::kZstd;
  /// A row group ends with its rows_per_group-th row, or before with the one that brings its values to
  /// group_bytes. It is held in memory until then.
  int64_t rows_per_group = int64_t{1} << 16;
  int64_t group_bytes = int64_t{512} << 20;
  std::map<std::string, std::string> metadata{};  ///< key-value pairs of the file
};

/// The bytes depend on schema, options and rows alone: neither on how the rows are cut into batches, nor on
/// time and place. Pages have checksums. Every column may have missing values; timestamps are those of UTC.
/// Used by one thread.
class TableWriter {
 public:
  /// Without close(), what the sink has is no table.
  virtual ~TableWriter() = default;
  /// The rows [begin, end) of all columns of the schema, in its order; text is UTF-8. Throws InternalError
  /// where they do not fit the schema. After any exception nothing more can be written.
  virtual void append(std::span<const Column> columns, int64_t begin, int64_t end) = 0;
  void append(std::span<const Column> columns) { append(columns, 0, columns.empty() ? 0 : columns[0].rows); }
  virtual int64_t rows() const = 0;  ///< appended so far
  /// Writes what is left and the end of the file.
  virtual void close() = 0;
};

/// `name` is what messages call the file. Throws DataError: no columns, two of one name, a type that cannot
/// be written (kUnsupported, lists of lists).
std::unique_ptr<TableWriter> open_table_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                               const TableWriterOptions& options = {});

}  // namespace echelon::table
