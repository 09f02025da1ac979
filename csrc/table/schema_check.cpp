#include "table/schema_check.h"

#include <set>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

std::string missing_column(const std::string& file, const Schema& schema, const std::string& column,
                           std::string_view why) {
  const std::vector<std::string> known = names_of(schema);
  const std::string nearest = nearest_name(column, known);
  return str_format(
      "{} has no column \"{}\"{}; {}", file, column, why,
      nearest.empty() ? "there are " + join(known) : str_format("did you mean \"{}\"?", nearest));
}

bool meets(const Field& field, const WantedColumn& wanted) {
  switch (wanted.need) {
    case Need::kAny:
      return field.type != ColumnType::kUnsupported;
    case Need::kNumber:
      return is_number(field.type);
    case Need::kCategory:
      return is_category(field.type);
    case Need::kText:
      return field.type == ColumnType::kString;
    case Need::kBytes:
      return field.type == ColumnType::kBinary;
    case Need::kNumberLists:
      return field.type == ColumnType::kList && is_number(field.item_type);
    case Need::kExactly:
      return field.type == wanted.type &&
             (field.type != ColumnType::kList || field.item_type == wanted.item_type);
  }
  throw InternalError("an unknown need of a column");
}

std::string name_of_need(const WantedColumn& wanted) {
  switch (wanted.need) {
    case Need::kAny:
      return "a type that can be read";
    case Need::kNumber:
      return "numbers";
    case Need::kCategory:
      return "numbers or text";
    case Need::kText:
      return "text";
    case Need::kBytes:
      return "binary";
    case Need::kNumberLists:
      return "lists of numbers";
    case Need::kExactly:
      return name_of_type({.name = wanted.name, .type = wanted.type, .item_type = wanted.item_type});
  }
  throw InternalError("an unknown need of a column");
}

}  // namespace

bool is_number(ColumnType type) {
  return type == ColumnType::kBool || type == ColumnType::kInt64 || type == ColumnType::kFloat32 ||
         type == ColumnType::kFloat64 || type == ColumnType::kTimestamp;
}

bool is_category(ColumnType type) {
  return is_number(type) || type == ColumnType::kString;
}

bool is_writable(const Field& field) {
  const ColumnType value = field.type == ColumnType::kList ? field.item_type : field.type;
  return value != ColumnType::kList && value != ColumnType::kUnsupported;
}

std::string name_of_type(const Field& field) {
  if (field.type == ColumnType::kList) return str_format("lists of {}", type_name(field.item_type));
  return std::string(type_name(field.type));
}

const Field& require_column(const std::string& file, const Schema& schema, const std::string& column,
                            std::string_view why) {
  if (const Field* field = find_field(schema, column)) return *field;
  throw DataError(missing_column(file, schema, column, why));
}

void require_distinct_names(const std::string& file, const Schema& schema) {
  std::set<std::string_view> seen;
  for (const Field& field : schema)
    if (!seen.insert(field.name).second)
      throw DataError(str_format("{}: two columns are named \"{}\"", file, field.name));
}

void require_fit(const std::string& file, const Schema& schema, std::span<const Column> columns,
                 int64_t begin, int64_t end) {
  const auto fits = [&](size_t i) {
    return columns[i].type == schema[i].type && 0 <= begin && begin <= end && end <= columns[i].rows &&
           (columns[i].type != ColumnType::kList || columns[i].items[0].type == schema[i].item_type);
  };
  if (columns.size() != schema.size())
    throw InternalError(str_format("{}: {} columns for {}", file, columns.size(), schema.size()));
  for (size_t i = 0; i < columns.size(); ++i)
    if (!fits(i))
      throw InternalError(
          str_format("{}: column \"{}\" has fewer rows or another type", file, schema[i].name));
}

WantedColumn same_as(const Field& field) {
  return {.name = field.name, .need = Need::kExactly, .type = field.type, .item_type = field.item_type};
}

std::vector<std::string> column_problems(const std::string& file, const Schema& schema,
                                         std::span<const WantedColumn> wanted, std::string_view way_out) {
  std::vector<std::string> problems;
  for (const WantedColumn& column : wanted) {
    const Field* field = find_field(schema, column.name);
    if (field == nullptr) {
      problems.push_back(missing_column(file, schema, column.name, ""));
    } else if (!meets(*field, column)) {
      const std::string type = name_of_type(*field);
      problems.push_back(str_format("{}: column \"{}\" holds {}{}; needed: {}{}", file, column.name, type,
                                    field->stored_as.empty() || field->stored_as == type
                                        ? ""
                                        : str_format(" (stored as {})", field->stored_as),
                                    name_of_need(column), way_out));
    }
  }
  return problems;
}

void require_columns(const std::string& file, const Schema& schema, std::span<const WantedColumn> wanted,
                     std::string_view way_out) {
  const std::vector<std::string> problems = column_problems(file, schema, wanted, way_out);
  if (!problems.empty()) throw DataError(join(problems, "\n"));
}

}  // namespace echelon::table
