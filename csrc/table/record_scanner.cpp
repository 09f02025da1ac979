#include "table/record_scanner.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "storage/stream/byte_stream.h"

namespace echelon::table {
namespace {

bool is_blank(std::string_view record) {
  return record.find_first_not_of("\r\n") == record.npos;
}

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Cuts a file into blocks of whole records.
class Indexer {
 public:
  Indexer(const storage::RandomAccessFile& file, RecordSyntax syntax, bool header, int64_t block_bytes,
          int64_t max_record)
      : file_(file), scanner_(syntax), header_(header), block_bytes_(block_bytes), max_record_(max_record) {}

  RecordIndex run() {
    file_.expect_sequential_reads();
    constexpr int64_t kRead = int64_t{4} << 20;
    std::string text;
    for (int64_t offset = 0; offset < file_.size(); offset += kRead) {
      const size_t old = text.size();
      text.resize(old + static_cast<size_t>(std::min(kRead, file_.size() - offset)));
      file_.read(offset, {reinterpret_cast<uint8_t*>(text.data()) + old, text.size() - old});
      if (offset == 0 && text.starts_with(kByteOrderMark)) {
        text.erase(0, kByteOrderMark.size());
        position_ = static_cast<int64_t>(kByteOrderMark.size());
      }
      take_records(text, offset == 0 ? 0 : old);
    }
    if (scanner_.inside_quotes()) fail("a quoted field does not end");
    if (!text.empty()) add_record(text, text.size());
    close_block();
    return std::move(index_);
  }

 private:
  /// Removes the whole records from `text`, which is searched from `searched` on.
  void take_records(std::string& text, size_t searched) {
    size_t start = 0;
    for (;;) {
      const size_t end = scanner_.find_end(text, searched);
      if (end == text.npos) break;
      add_record(std::string_view(text).substr(start), end - start);
      start = searched = end;
    }
    text.erase(0, start);
    check_length(text.size());
  }

  void check_length(size_t record) const {
    if (static_cast<int64_t>(record) > max_record_)
      fail(str_format("a record is longer than {}", human_bytes(static_cast<double>(max_record_))));
  }

  void add_record(std::string_view text, size_t size) {
    check_length(size);
    const bool blank = is_blank(text.substr(0, size));
    const auto bytes = static_cast<int64_t>(size);
    if (header_ && !blank) {
      index_.header = {position_, bytes, 0, 0, line_};
      header_ = false;
    } else {
      if (block_.bytes + bytes > block_bytes_) close_block();
      if (block_.bytes == 0) block_ = {position_, 0, block_.first_row, 0, line_};
      block_.bytes += bytes;
      block_.rows += blank ? 0 : 1;
    }
    position_ += bytes;
    line_ = 1 + scanner_.lines();
  }

  void close_block() {
    if (block_.rows > 0) index_.blocks.push_back(block_);
    block_ = {.first_row = block_.first_row + block_.rows};
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw DataError(str_format("{}, line {} (offset {}): {}", file_.name(), line_, position_, problem));
  }

  const storage::RandomAccessFile& file_;
  RecordScanner scanner_;
  bool header_;
  int64_t block_bytes_, max_record_;
  RecordIndex index_;
  RecordBlock block_;
  int64_t position_ = 0;  ///< of the next record
  int64_t line_ = 1;
};

}  // namespace

size_t RecordScanner::find_end(std::string_view text, size_t start) {
  if (syntax_.quote == '\0') {
    const size_t end = text.find('\n', start);
    if (end == text.npos) return end;
    ++lines_;
    return end + 1;
  }
  // Most records have no quotes, and their end is found many times faster.
  if (state_ != State::kQuoted && start < text.size()) {
    const size_t end = std::min(text.find('\n', start), text.size() - 1);
    if (text.substr(start, end + 1 - start).find(syntax_.quote) == text.npos) {
      const bool ends = text[end] == '\n';
      lines_ += ends ? 1 : 0;
      state_ = ends || text[end] == syntax_.delimiter ? State::kFieldStart : State::kUnquoted;
      return ends ? end + 1 : text.npos;
    }
  }
  for (size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++lines_;
    if (state_ == State::kQuoted) {
      if (c == syntax_.quote) state_ = State::kAfterQuote;
    } else if (c == '\n') {
      state_ = State::kFieldStart;
      return i + 1;
    } else if (c == syntax_.delimiter) {
      state_ = State::kFieldStart;
    } else if (c == syntax_.quote && state_ != State::kUnquoted) {
      state_ = State::kQuoted;  // at the start of a field; or the second of two, which stand for one
    } else {
      state_ = State::kUnquoted;
    }
  }
  return text.npos;
}

RecordIndex index_records(const storage::RandomAccessFile& file, RecordSyntax syntax, bool header,
                          int64_t block_bytes, int64_t max_record) {
  return Indexer(file, syntax, header, block_bytes, max_record).run();
}

std::vector<std::string> split_record(std::string_view record, RecordSyntax syntax) {
  while (record.ends_with('\n') || record.ends_with('\r')) record.remove_suffix(1);
  std::vector<std::string> fields(1);
  bool start = true, quoted = false;
  for (size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (quoted) {
      if (c != syntax.quote) {
        fields.back() += c;
      } else if (i + 1 < record.size() && record[i + 1] == syntax.quote) {
        fields.back() += record[++i];
      } else {
        quoted = false;
      }
    } else if (c == syntax.delimiter) {
      fields.emplace_back();
      start = true;
      continue;
    } else if (start && c == syntax.quote) {
      quoted = true;
    } else {
      fields.back() += c;
    }
    start = false;
  }
  return fields;
}

int64_t line_of_row(std::string_view text, int64_t row, RecordSyntax syntax) {
  RecordScanner scanner(syntax);
  int64_t line = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(scanner.find_end(text, start), text.size());
    if (!is_blank(text.substr(start, end - start)) && row-- == 0) break;
    start = end;
    line = scanner.lines();
  }
  return line;
}

}  // namespace echelon::table
