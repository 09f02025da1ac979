// CSV and JSON lines as a TableFile: blocks of records, which a parser turns into columns.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "table/table_file.h"

namespace echelon::table {

/// Text that is no table. Without the file's name, which the parser does not know.
struct ParseError : DataError {
  ParseError(const std::string& message, int64_t row) : DataError(message), row(row) {}
  int64_t row;  ///< counted from 0 in the text; -1: not known
};

/// Turns whole records into columns. Thread-safe but for infer().
class TextParser {
 public:
  virtual ~TextParser() = default;
  /// Finds the types of the columns, and keeps them for parse(). `names` are those of CSV, in order.
  virtual Schema infer(std::string_view text, const std::vector<std::string>& names) = 0;
  virtual std::vector<Column> parse(std::string_view text, std::span<const std::string> columns) const = 0;
};

/// `format` is kCsv or kJsonLines.
std::unique_ptr<TableFile> open_text_table(std::shared_ptr<const storage::RandomAccessFile> file,
                                           const TableOptions& options, TableFormat format,
                                           std::unique_ptr<TextParser> parser);

}  // namespace echelon::table
