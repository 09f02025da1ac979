#include <arrow/csv/api.h>
#include <arrow/util/utf8.h>

#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/library.h"
#include "table/arrow/limited_pool.h"
#include "table/arrow/text_parsers.h"

namespace echelon::table {
namespace {

class CsvParser final : public TextParser {
 public:
  explicit CsvParser(const TableOptions& options) : max_bytes_(options.max_block_bytes) {
    parse_.delimiter = options.delimiter;
    parse_.quoting = options.quote != '\0';
    parse_.quote_char = options.quote;
    parse_.newlines_in_values = parse_.quoting;
    convert_.null_values = options.missing;
    convert_.strings_can_be_null = true;
    for (const auto& [column, type] : options.types)
      convert_.column_types[column] = explicit_type(column, type);
  }

  Schema infer(std::string_view text, const std::vector<std::string>& names) override {
    names_ = names;
    arrow::util::InitializeUTF8();
    for (const std::string& name : names)
      if (!arrow::util::ValidateUTF8(name)) throw ParseError("the name of a column is not valid UTF-8", -1);
    LimitedPool pool(max_bytes_);
    const auto schema = without_null_types(parse_text(text, convert_, pool.get())->schema());
    for (const auto& field : schema->fields()) convert_.column_types[field->name()] = field->type();
    return flat_schema(*schema);
  }

  std::vector<Column> parse(std::string_view text, std::span<const std::string> columns) const override {
    arrow::csv::ConvertOptions convert = convert_;
    convert.include_columns.assign(columns.begin(), columns.end());
    if (columns.empty()) return {};
    LimitedPool pool(max_bytes_);
    const auto table = parse_text(text, convert, pool.get());
    return pick_columns(*table, columns, table->num_rows(), pool.get());
  }

 private:
  std::shared_ptr<arrow::Table> parse_text(std::string_view text, const arrow::csv::ConvertOptions& convert,
                                           arrow::MemoryPool* pool) const {
    arrow::csv::ReadOptions read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;  // also what makes Arrow tell the row of an error
    read.block_size =
        static_cast<int32_t>(std::min<size_t>(text.size() + 1, std::numeric_limits<int32_t>::max()));
    read.column_names = names_;
    auto reader =
        arrow::csv::TableReader::Make(arrow::io::IOContext(pool), stream_of(text), read, parse_, convert);
    require_parsed(reader.status());
    auto table = (*reader)->Read();
    require_parsed(table.status());
    return *table;
  }

  int64_t max_bytes_;
  arrow::csv::ParseOptions parse_ = arrow::csv::ParseOptions::Defaults();
  arrow::csv::ConvertOptions convert_ = arrow::csv::ConvertOptions::Defaults();
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<TextParser> make_csv_parser(const TableOptions& options) {
  return std::make_unique<CsvParser>(options);
}

}  // namespace echelon::table
