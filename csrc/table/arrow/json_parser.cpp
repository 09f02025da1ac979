#include <arrow/json/api.h>

#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/library.h"
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

class JsonParser final : public TextParser {
 public:
  explicit JsonParser(const TableOptions& options) {
    arrow::FieldVector fields;
    for (const auto& [column, type] : options.types)
      fields.push_back(arrow::field(column, explicit_type(column, type)));
    given_ = arrow::schema(std::move(fields));
  }

  Schema infer(std::string_view text, const std::vector<std::string>&) override {
    schema_ = without_null_types(
        parse_text(text, given_, arrow::json::UnexpectedFieldBehavior::InferType)->schema());
    return flat_schema(*schema_);
  }

  std::vector<Column> parse(std::string_view text, std::span<const std::string> columns) const override {
    const auto table =
        parse_text(text, fields_of(*schema_, columns), arrow::json::UnexpectedFieldBehavior::Ignore);
    return pick_columns(*table, columns, table->num_rows());
  }

 private:
  static std::shared_ptr<arrow::Table> parse_text(std::string_view text,
                                                  const std::shared_ptr<arrow::Schema>& schema,
                                                  arrow::json::UnexpectedFieldBehavior others) {
    arrow::json::ReadOptions read = arrow::json::ReadOptions::Defaults();
    read.use_threads = false;
    read.block_size =
        static_cast<int32_t>(std::min<size_t>(text.size() + 1, std::numeric_limits<int32_t>::max()));
    arrow::json::ParseOptions parse = arrow::json::ParseOptions::Defaults();
    parse.explicit_schema = schema;
    parse.unexpected_field_behavior = others;
    auto reader = arrow::json::TableReader::Make(arrow::default_memory_pool(), stream_of(text), read, parse);
    require_parsed(reader.status());
    auto table = (*reader)->Read();
    require_parsed(table.status());
    return *table;
  }

  std::shared_ptr<arrow::Schema> given_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::unique_ptr<TextParser> make_json_parser(const TableOptions& options) {
  return std::make_unique<JsonParser>(options);
}

}  // namespace echelon::table
