// Columns of a table in memory, without any library's types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::table {

/// What the values of a column become here. Narrower integers widen to kInt64, half floats to kFloat32,
/// decimals to kFloat64; dates become kTimestamp, times of day and durations kInt64 (microseconds);
/// dictionaries their values.
enum class ColumnType {
  kBool,
  kInt64,
  kFloat32,
  kFloat64,
  kString,     ///< UTF-8
  kBinary,     ///< bytes, an encoded image among them
  kTimestamp,  ///< microseconds since 1970-01-01 00:00 UTC; without a zone: as if in UTC
  kList,       ///< of one of the above
  kUnsupported,
};

/// "float64", "string", …
std::string_view type_name(ColumnType type);

/// The type of a name that type_name() gives, or of int, float, text, date; kUnsupported for others.
ColumnType parse_type(std::string_view name);

struct Column {
  ColumnType type = ColumnType::kFloat64;
  int64_t rows = 0;
  std::vector<uint8_t> valid;  ///< one a row: 0 where the value is missing; empty when none is

  /// The values of `type`, the others are empty; where one is missing, zero.
  std::vector<uint8_t> bools;
  std::vector<int64_t> integers;  ///< kInt64, kTimestamp
  std::vector<float> floats;
  std::vector<double> doubles;
  /// kString, kBinary: row i is bytes [offsets[i], offsets[i + 1]); kList: those of items[0].
  std::vector<int64_t> offsets;
  std::string bytes;
  std::vector<Column> items;

  bool is_valid(int64_t row) const { return valid.empty() || valid[static_cast<size_t>(row)] != 0; }
  /// Whether there is no value, or it is not a number.
  bool is_missing(int64_t row) const;
  int64_t missing() const;  ///< of `valid`
  int64_t size_in_bytes() const;
  /// kString and kBinary.
  std::string_view text(int64_t row) const {
    const auto i = static_cast<size_t>(row);
    return std::string_view(bytes).substr(static_cast<size_t>(offsets[i]),
                                          static_cast<size_t>(offsets[i + 1] - offsets[i]));
  }
};

/// A column without rows. `item_type` is of kList.
Column empty_column(ColumnType type, ColumnType item_type = ColumnType::kUnsupported);

/// A column of the same type without rows.
Column empty_like(const Column& column);

/// Adds the rows [begin, end) of `from`, which is of the same type.
void append_rows(Column& to, const Column& from, int64_t begin, int64_t end);

/// Adds a row to a column of kString or kBinary.
void append_text(Column& column, std::string_view text);

/// Of the values of the rows [begin, end) in memory.
int64_t value_bytes(const Column& column, int64_t begin, int64_t end);

/// One column of a file. Members of structs are columns of their own, with a dotted name: an image column of
/// struct {bytes, path} gives `image.bytes` and `image.path`.
struct Field {
  std::string name;
  ColumnType type = ColumnType::kUnsupported;
  ColumnType item_type = ColumnType::kUnsupported;  ///< of kList
  std::string stored_as;                            ///< the file's own type, for messages
};

using Schema = std::vector<Field>;

std::vector<std::string> names_of(const Schema& schema);

/// Columns of `schema` without rows.
std::vector<Column> empty_columns(const Schema& schema);

/// Null when there is none of this name.
const Field* find_field(const Schema& schema, std::string_view name);

}  // namespace echelon::table
