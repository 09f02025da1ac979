// Where the records of a text table begin and end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/random_access_file.h"

namespace echelon::table {

/// How records end: at every newline, or, with quotes, at those outside of quoted fields. A quoted field
/// begins with the quote (RFC 4180); a quote elsewhere is a character like others.
struct RecordSyntax {
  char delimiter = ',';
  char quote = '\0';  ///< none: lines
};

/// Follows text byte by byte.
class RecordScanner {
 public:
  explicit RecordScanner(RecordSyntax syntax) : syntax_(syntax) {}

  /// The position after the end of the record that `text` is in from `start` on; npos when it does not end
  /// there. Lines within are counted.
  size_t find_end(std::string_view text, size_t start);
  /// Whether the text so far ends between records, or within an unquoted one.
  bool inside_quotes() const { return state_ == State::kQuoted; }
  int64_t lines() const { return lines_; }  ///< ends of lines so far

 private:
  enum class State { kFieldStart, kUnquoted, kQuoted, kAfterQuote };
  RecordSyntax syntax_;
  State state_ = State::kFieldStart;
  int64_t lines_ = 0;
};

/// A run of whole records.
struct RecordBlock {
  int64_t offset = 0;
  int64_t bytes = 0;
  int64_t first_row = 0;
  int64_t rows = 0;        ///< records that are not empty lines
  int64_t first_line = 1;  ///< of the file
};

struct RecordIndex {
  std::vector<RecordBlock> blocks;
  RecordBlock header;  ///< where there is one
};

/// Reads the file once. Throws DataError that names file and line: a record longer than `max_record`, a
/// quoted field that does not end.
RecordIndex index_records(const storage::RandomAccessFile& file, RecordSyntax syntax, bool header,
                          int64_t block_bytes, int64_t max_record);

/// The fields of one record, unquoted.
std::vector<std::string> split_record(std::string_view record, RecordSyntax syntax);

/// The line, counted from that of the text's first byte as 0, in which the row of this number begins.
int64_t line_of_row(std::string_view text, int64_t row, RecordSyntax syntax);

}  // namespace echelon::table
