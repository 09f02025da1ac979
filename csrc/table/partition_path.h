// Folders that say what all rows in them have in common: `region=north/day=2024-01-31`, as Hive began it and
// Spark, Arrow, pandas and DuckDB read and write it.
//
// Of names and values the characters that Hive escapes (control characters, `"#%'*/:=?\{[]^` and DEL) are
// written as %XX; others, those outside of ASCII among them, stay as they are, which all of these readers
// understand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/column.h"

namespace echelon::table {

/// What stands for a missing value.
inline constexpr std::string_view kMissingPartition = "__HIVE_DEFAULT_PARTITION__";

struct PartitionKey {
  std::string column;
  std::optional<std::string> value;  ///< none: missing
  friend bool operator==(const PartitionKey&, const PartitionKey&) = default;
};

/// "region=north". An empty value is written like a missing one, as Hive and Spark do.
std::string partition_folder(const PartitionKey& key);

/// The value of a row: of a bool `true` or `false`, of a whole number its decimal digits, of a timestamp
/// hive_time(), of text itself. Throws DataError, without saying where, for a timestamp outside of the years
/// 0 to 9999.
std::optional<std::string> partition_value(const Column& column, int64_t row);

/// Whether partition_value() knows values of this type: kBool, kInt64, kString, kTimestamp.
bool can_partition(ColumnType type);

/// What the folders between `root` and the file say, outermost first: `a/region=north/x.parquet` with the
/// root `a` gives region: north. Paths may be locations in object stores. Folders without `=` say nothing,
/// and neither does the name of the file. %XX become bytes again; a % that two hexadecimal digits do not
/// follow stays. Throws DataError that names the path: it is not below the root, or says a column twice.
std::vector<PartitionKey> partition_keys(std::string_view path, std::string_view root);

}  // namespace echelon::table
