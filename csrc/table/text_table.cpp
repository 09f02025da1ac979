#include "table/text_table.h"

#include <algorithm>
#include <limits>
#include <set>
#include <type_traits>

#include "common/format.h"
#include "table/record_scanner.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

class TextTable final : public TableFile {
 public:
  TextTable(std::shared_ptr<const storage::RandomAccessFile> file, const TableOptions& options,
            TableFormat format, std::unique_ptr<TextParser> parser)
      : file_(std::move(file)), parser_(std::move(parser)) {
    if (format == TableFormat::kCsv) syntax_ = {options.delimiter, options.quote};
    const bool header = format == TableFormat::kCsv && options.header;
    const int64_t block_bytes =
        std::clamp<int64_t>(options.block_bytes, 1, std::numeric_limits<int32_t>::max() / 2);
    index_ = index_records(*file_, syntax_, header, block_bytes, options.max_record_bytes);
    for (const RecordBlock& block : index_.blocks) blocks_.push_back({block.first_row, block.rows});
    if (format == TableFormat::kCsv) find_names(options);
    if (index_.blocks.empty()) throw DataError(str_format("{} holds no rows", name()));
    infer(options);
  }

  const std::string& name() const override { return file_->name(); }
  const Schema& schema() const override { return schema_; }
  bool stores_types() const override { return false; }
  const std::vector<Block>& blocks() const override { return blocks_; }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    for (const std::string& column : columns) require_column(name(), schema_, column);
    const RecordBlock& place = index_.blocks.at(static_cast<size_t>(block));
    const std::string text = text_of(place);
    return locate_errors(place, text, [&] {
      std::vector<Column> result = parser_->parse(text, columns);
      for (const Column& column : result) {
        if (column.rows != place.rows)
          throw ParseError(str_format("{} rows were found in {} records", column.rows, place.rows), 0);
      }
      return result;
    });
  }

 private:
  std::string text_of(const RecordBlock& block) const {
    std::string text(static_cast<size_t>(block.bytes), '\0');
    file_->read(block.offset, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return text;
  }

  void find_names(const TableOptions& options) {
    names_ = options.column_names;
    if (names_.empty() && index_.header.bytes > 0) names_ = split_record(text_of(index_.header), syntax_);
    if (names_.empty() && !options.header)
      throw DataError(str_format("{}: without a header, the names of the columns must be given", name()));
    std::set<std::string> seen;
    for (const std::string& column : names_) {
      if (!seen.insert(column).second)
        throw DataError(str_format("{}, line {}: two columns are named \"{}\"", name(),
                                   index_.header.first_line, column));
    }
  }

  void infer(const TableOptions& options) {
    const RecordBlock& first = index_.blocks.front();
    const std::string text = text_of(first);
    schema_ = locate_errors(first, text, [&] { return parser_->infer(text, names_); });
    for (const auto& [column, type] : options.types) require_column(name(), schema_, column);
    require_distinct_names(name(), schema_);  // of JSON lines: {"a.b": 1, "a": {"b": 2}}
  }

  template <class Action>
  std::invoke_result_t<Action> locate_errors(const RecordBlock& block, std::string_view text,
                                             Action action) const {
    try {
      return action();
    } catch (const ParseError& error) {
      const int64_t line = block.first_line + (error.row < 0 ? 0 : line_of_row(text, error.row, syntax_));
      throw DataError(
          str_format("{}, {} line {}: {}", name(), error.row < 0 ? "after" : "at", line, error.what()));
    }
  }

  std::shared_ptr<const storage::RandomAccessFile> file_;
  std::unique_ptr<TextParser> parser_;
  RecordSyntax syntax_;
  RecordIndex index_;
  std::vector<Block> blocks_;
  std::vector<std::string> names_;
  Schema schema_;
};

}  // namespace

std::unique_ptr<TableFile> open_text_table(std::shared_ptr<const storage::RandomAccessFile> file,
                                           const TableOptions& options, TableFormat format,
                                           std::unique_ptr<TextParser> parser) {
  return std::make_unique<TextTable>(std::move(file), options, format, std::move(parser));
}

}  // namespace echelon::table
