#include "table/arrow/text_parsers.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <cctype>
#include <cstdlib>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/library.h"
#include "table/arrow/status.h"

namespace echelon::table {
namespace {

/// "… Row #12: …" of the CSV reader, which counts from 1; "… in row 12" of the JSON reader, from 0.
int64_t row_of(const std::string& message) {
  for (const auto& [mark, first] :
       {std::pair(std::string_view("Row #"), 1), std::pair(std::string_view("in row "), 0)}) {
    const size_t at = message.find(mark);
    if (at == message.npos || at + mark.size() >= message.size()) continue;
    const char* digits = message.c_str() + at + mark.size();
    if (std::isdigit(static_cast<unsigned char>(*digits)) != 0) return std::atoll(digits) - first;
  }
  return -1;
}

/// The row of the part that was read means nothing to the user, who is told the line of the file.
std::string without_row(std::string message) {
  const size_t csv = message.find("Row #");
  if (csv != message.npos) message.erase(csv, message.find(' ', csv + 5) + 1 - csv);
  const size_t json = message.find(" in row ");
  if (json != message.npos) message.erase(json, message.find_first_not_of("0123456789", json + 8) - json);
  return message;
}

std::shared_ptr<arrow::DataType> without_null(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::NA || type->id() == arrow::Type::BINARY) return arrow::utf8();
  if (type->id() == arrow::Type::LIST)
    return arrow::list(without_null(static_cast<const arrow::ListType&>(*type).value_type()));
  if (type->id() != arrow::Type::STRUCT) return type;
  arrow::FieldVector members;
  for (const auto& member : type->fields()) members.push_back(member->WithType(without_null(member->type())));
  return arrow::struct_(std::move(members));
}

}  // namespace

void require_parsed(const arrow::Status& status) {
  if (status.ok()) return;
  if (status.IsOutOfMemory()) throw ParseError(kTooLarge, -1);
  const std::string reason = reason_of(status);
  throw ParseError(without_row(reason), row_of(reason));
}

std::shared_ptr<arrow::io::InputStream> stream_of(std::string_view text) {
  return std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(text));
}

std::shared_ptr<arrow::Schema> without_null_types(const std::shared_ptr<arrow::Schema>& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) fields.push_back(field->WithType(without_null(field->type())));
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::DataType> explicit_type(const std::string& column, ColumnType type) {
  if (auto result = arrow_type(type)) return result;
  throw DataError(str_format("column \"{}\" cannot be read as {} from text", column, type_name(type)));
}

std::vector<Column> pick_columns(const arrow::Table& table, std::span<const std::string> names, int64_t rows,
                                 arrow::MemoryPool* pool) {
  std::vector<Column> columns;
  for (const std::string& name : names) {
    try {
      const auto leaf = find_leaf(*table.schema(), table.columns(), name);
      columns.push_back(leaf ? to_column(*leaf, pool) : throw DataError("it is not there"));
    } catch (const ParseError& error) {
      throw ParseError(str_format("column \"{}\": {}", name, error.what()), error.row);
    } catch (const DataError& error) {
      throw ParseError(str_format("column \"{}\": {}", name, error.what()), -1);
    } catch (const std::bad_alloc&) {
      throw ParseError(str_format("column \"{}\": {}", name, kTooLarge), -1);
    }
    if (columns.back().rows != rows)
      throw ParseError(str_format("column \"{}\": {} values for {} rows", name, columns.back().rows, rows),
                       -1);
  }
  return columns;
}

std::vector<Column> pick_block(const arrow::Table& table, std::span<const std::string> names,
                               const Block& block, const std::string& where, arrow::MemoryPool* pool) {
  try {
    return pick_columns(table, names, block.rows, pool);
  } catch (const ParseError& error) {
    const std::string row = error.row < 0 ? "" : str_format("row {}, ", block.first_row + error.row);
    throw DataError(str_format("{}: {}{}", where, row, error.what()));
  }
}

}  // namespace echelon::table
