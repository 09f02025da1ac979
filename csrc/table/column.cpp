#include "table/column.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace echelon::table {
namespace {

constexpr std::pair<ColumnType, std::string_view> kNames[] = {
    {ColumnType::kBool, "bool"},           {ColumnType::kInt64, "int64"},   {ColumnType::kFloat32, "float32"},
    {ColumnType::kFloat64, "float64"},     {ColumnType::kString, "string"}, {ColumnType::kBinary, "binary"},
    {ColumnType::kTimestamp, "timestamp"}, {ColumnType::kList, "list"},     {ColumnType::kInt64, "int"},
    {ColumnType::kFloat64, "float"},       {ColumnType::kString, "text"},   {ColumnType::kTimestamp, "date"},
};

template <class T>
int64_t bytes_in(const std::vector<T>& values) {
  return static_cast<int64_t>(values.size() * sizeof(T));
}

template <class T>
void append_values(std::vector<T>& to, const std::vector<T>& from, int64_t begin, int64_t end) {
  if (!from.empty()) to.insert(to.end(), from.begin() + begin, from.begin() + end);
}

void append_validity(Column& to, const Column& from, int64_t begin, int64_t end) {
  if (from.valid.empty() && to.valid.empty()) return;
  to.valid.resize(static_cast<size_t>(to.rows), 1);
  append_values(to.valid, from.valid, begin, end);
  to.valid.resize(static_cast<size_t>(to.rows + end - begin), 1);
}

/// Rows that have offsets: `items` takes the positions that theirs begin and end at.
template <class Items>
void append_sequences(Column& to, const Column& from, int64_t begin, int64_t end, const Items& items) {
  const int64_t first = from.offsets[static_cast<size_t>(begin)];
  const int64_t shift = to.offsets.back() - first;
  for (int64_t row = begin; row < end; ++row)
    to.offsets.push_back(from.offsets[static_cast<size_t>(row + 1)] + shift);
  items(first, from.offsets[static_cast<size_t>(end)]);
}

}  // namespace

std::string_view type_name(ColumnType type) {
  for (const auto& [known, name] : kNames)
    if (known == type) return name;
  return "unsupported";
}

ColumnType parse_type(std::string_view name) {
  for (const auto& [type, known] : kNames)
    if (known == name && type != ColumnType::kList) return type;
  return ColumnType::kUnsupported;
}

bool Column::is_missing(int64_t row) const {
  const auto i = static_cast<size_t>(row);
  if (!is_valid(row)) return true;
  return (type == ColumnType::kFloat32 && std::isnan(floats[i])) ||
         (type == ColumnType::kFloat64 && std::isnan(doubles[i]));
}

int64_t Column::missing() const {
  return std::count(valid.begin(), valid.end(), uint8_t{0});
}

int64_t Column::size_in_bytes() const {
  int64_t sum = bytes_in(valid) + bytes_in(bools) + bytes_in(integers) + bytes_in(floats) +
                bytes_in(doubles) + bytes_in(offsets) + static_cast<int64_t>(bytes.size());
  for (const Column& item : items) sum += item.size_in_bytes();
  return sum;
}

Column empty_column(ColumnType type, ColumnType item_type) {
  Column column{.type = type};
  if (type == ColumnType::kString || type == ColumnType::kBinary || type == ColumnType::kList)
    column.offsets = {0};
  if (type == ColumnType::kList) column.items.push_back(empty_column(item_type));
  return column;
}

Column empty_like(const Column& column) {
  return empty_column(column.type, column.items.empty() ? ColumnType::kUnsupported : column.items[0].type);
}

void append_rows(Column& to, const Column& from, int64_t begin, int64_t end) {
  append_validity(to, from, begin, end);
  append_values(to.bools, from.bools, begin, end);
  append_values(to.integers, from.integers, begin, end);
  append_values(to.floats, from.floats, begin, end);
  append_values(to.doubles, from.doubles, begin, end);
  if (to.type == ColumnType::kString || to.type == ColumnType::kBinary) {
    append_sequences(to, from, begin, end, [&](int64_t first, int64_t last) {
      to.bytes.append(from.bytes, static_cast<size_t>(first), static_cast<size_t>(last - first));
    });
  } else if (to.type == ColumnType::kList) {
    append_sequences(to, from, begin, end, [&](int64_t first, int64_t last) {
      append_rows(to.items[0], from.items[0], first, last);
    });
  }
  to.rows += end - begin;
}

void append_text(Column& column, std::string_view text) {
  column.bytes += text;
  column.offsets.push_back(static_cast<int64_t>(column.bytes.size()));
  if (!column.valid.empty()) column.valid.push_back(1);
  ++column.rows;
}

int64_t value_bytes(const Column& column, int64_t begin, int64_t end) {
  constexpr int64_t kNumber = 8;
  const int64_t own = (end - begin) * kNumber;
  if (column.offsets.empty()) return own;
  const int64_t first = column.offsets[static_cast<size_t>(begin)];
  const int64_t last = column.offsets[static_cast<size_t>(end)];
  return own + (column.type == ColumnType::kList ? value_bytes(column.items[0], first, last) : last - first);
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

std::vector<Column> empty_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const Field& field : schema) columns.push_back(empty_column(field.type, field.item_type));
  return columns;
}

const Field* find_field(const Schema& schema, std::string_view name) {
  const auto found =
      std::find_if(schema.begin(), schema.end(), [&](const Field& field) { return field.name == name; });
  return found == schema.end() ? nullptr : &*found;
}

}  // namespace echelon::table
