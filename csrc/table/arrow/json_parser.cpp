#include <arrow/json/api.h>

#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/library.h"
#include "table/arrow/limited_pool.h"
#include "table/arrow/text_parsers.h"

namespace echelon::table {
namespace {

/// The schema of the asked-for columns: their top-level fields, with all members.
std::shared_ptr<arrow::Schema> fields_of(const arrow::Schema& schema, std::span<const std::string> columns) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const bool wanted = std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
      return column == field->name() || column.starts_with(field->name() + ".");
    });
    if (wanted) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

/// Arrow takes time that grows with the square of the depth, and recurses.
void check_nesting(std::string_view text) {
  constexpr int kDeepest = 100;
  int depth = 0;
  int64_t row = 0;
  bool in_string = false, blank = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      row += blank ? 0 : 1;
      depth = 0;
      in_string = false;
      blank = true;
      continue;
    }
    blank = blank && c == '\r';
    if (in_string) {
      if (c == '\\' && i + 1 < text.size() && text[i + 1] != '\n') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest)
        throw ParseError(str_format("it is nested deeper than {} levels", kDeepest), row);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

class JsonParser final : public TextParser {
 public:
  explicit JsonParser(const TableOptions& options) : max_bytes_(options.max_block_bytes) {
    arrow::FieldVector fields;
    for (const auto& [column, type] : options.types)
      fields.push_back(arrow::field(column, explicit_type(column, type)));
    given_ = arrow::schema(std::move(fields));
  }

  Schema infer(std::string_view text, const std::vector<std::string>&) override {
    check_nesting(text);
    LimitedPool pool(max_bytes_);
    schema_ = without_null_types(
        parse_text(text, given_, arrow::json::UnexpectedFieldBehavior::InferType, pool.get())->schema());
    return flat_schema(*schema_);
  }

  std::vector<Column> parse(std::string_view text, std::span<const std::string> columns) const override {
    check_nesting(text);
    LimitedPool pool(max_bytes_);
    const auto table = parse_text(text, fields_of(*schema_, columns),
                                  arrow::json::UnexpectedFieldBehavior::Ignore, pool.get());
    return pick_columns(*table, columns, table->num_rows(), pool.get());
  }

 private:
  static std::shared_ptr<arrow::Table> parse_text(std::string_view text,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  arrow::json::UnexpectedFieldBehavior others,
                                                  arrow::MemoryPool* pool) {
    arrow::json::ReadOptions read = arrow::json::ReadOptions::Defaults();
    read.use_threads = false;
    read.block_size =
        static_cast<int32_t>(std::min<size_t>(text.size() + 1, std::numeric_limits<int32_t>::max()));
    arrow::json::ParseOptions parse = arrow::json::ParseOptions::Defaults();
    parse.explicit_schema = schema;
    parse.unexpected_field_behavior = others;
    auto reader = arrow::json::TableReader::Make(pool, stream_of(text), read, parse);
    require_parsed(reader.status());
    auto table = (*reader)->Read();
    require_parsed(table.status());
    return *table;
  }

  int64_t max_bytes_;
  std::shared_ptr<arrow::Schema> given_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::unique_ptr<TextParser> make_json_parser(const TableOptions& options) {
  return std::make_unique<JsonParser>(options);
}

}  // namespace echelon::table
