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

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

const Field* find_field(const Schema& schema, std::string_view name) {
  const auto found =
      std::find_if(schema.begin(), schema.end(), [&](const Field& field) { return field.name == name; });
  return found == schema.end() ? nullptr : &*found;
}

}  // namespace echelon::table
