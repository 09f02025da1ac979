#include "predict/source/line_table.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "table/schema_check.h"
#include "tokenizer/utf8.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

/// Whole lines.
struct Lines {
  int64_t offset, bytes;
  bool is_text;  ///< UTF-8
};

class LineTable final : public table::TableFile {
 public:
  LineTable(std::shared_ptr<const storage::RandomAccessFile> file, const std::string& column,
            int64_t block_bytes, int64_t max_line_bytes)
      : file_(std::move(file)), schema_{{.name = column, .type = ColumnType::kString, .stored_as = "text"}} {
    file_->expect_sequential_reads();
    index(block_bytes, max_line_bytes);
  }

  const std::string& name() const override { return file_->name(); }
  const table::Schema& schema() const override { return schema_; }
  const std::vector<table::Block>& blocks() const override { return blocks_; }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    for (const std::string& column : columns) table::require_column(name(), schema_, column);
    const Lines& lines = lines_.at(static_cast<size_t>(block));
    if (!lines.is_text)
      throw DataError(
          str_format("{}, line {} is no UTF-8", name(), blocks_[static_cast<size_t>(block)].first_row + 1));
    return std::vector<Column>(columns.size(), split(text_at(lines.offset, lines.bytes)));
  }

 private:
  std::string text_at(int64_t offset, int64_t bytes) const {
    std::string text(static_cast<size_t>(bytes), '\0');
    file_->read(offset, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return text;
  }

  void index(int64_t block_bytes, int64_t max_line_bytes) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    const int64_t size = file_->size();
    int64_t offset = 0, wanted = block_bytes;
    if (size >= 3 && text_at(0, 3) == kByteOrderMark) offset = 3;
    while (offset < size) {
      std::string text = text_at(offset, std::min(wanted, size - offset));
      if (offset + static_cast<int64_t>(text.size()) < size) text.resize(text.rfind('\n') + 1);
      if (text.empty()) {  // the line goes on
        if (wanted > max_line_bytes)
          throw DataError(
              str_format("{}, line {}: more than {} bytes in one line", name(), rows() + 1, max_line_bytes));
        wanted *= 2;
        continue;
      }
      add_lines(offset, text);
      offset += static_cast<int64_t>(text.size());
      wanted = block_bytes;
    }
  }

  /// Lines that are no UTF-8 apart from the others.
  void add_lines(int64_t offset, std::string_view text) {
    while (!text.empty()) {
      const size_t invalid = tokenizer::first_invalid_utf8(text);
      const size_t before = invalid == text.size() ? invalid : text.rfind('\n', invalid) + 1;
      const bool is_text = before > 0;
      const size_t end = is_text ? before : std::min(text.find('\n'), text.size() - 1) + 1;
      add_block(offset, text.substr(0, end), is_text);
      offset += static_cast<int64_t>(end);
      text.remove_prefix(end);
    }
  }

  void add_block(int64_t offset, std::string_view text, bool is_text) {
    const int64_t lines = std::ranges::count(text, '\n') + (text.ends_with('\n') ? 0 : 1);
    blocks_.push_back({.first_row = rows(), .rows = lines});
    lines_.push_back({offset, static_cast<int64_t>(text.size()), is_text});
  }

  static Column split(std::string_view text) {
    Column column = table::empty_column(ColumnType::kString);
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      table::append_text(column, line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return column;
  }

  std::shared_ptr<const storage::RandomAccessFile> file_;
  table::Schema schema_;
  std::vector<table::Block> blocks_;
  std::vector<Lines> lines_;  ///< of each block
};

}  // namespace

std::unique_ptr<table::TableFile> open_line_table(std::shared_ptr<const storage::RandomAccessFile> file,
                                                  const std::string& column, int64_t block_bytes,
                                                  int64_t max_line_bytes) {
  return std::make_unique<LineTable>(std::move(file), column, block_bytes, max_line_bytes);
}

}  // namespace echelon::predict
