#include "table/partition_path.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "table/time_text.h"

namespace echelon::table {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kEscaped = "\"#%'*/:=?\\{[]^\x7f";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || kEscaped.find(c) != kEscaped.npos) {
      result += str_format("%{:02X}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

int digit_of(char c) {
  constexpr std::string_view kLower = "0123456789abcdef", kUpper = "0123456789ABCDEF";
  const size_t at = std::min(kLower.find(c), kUpper.find(c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : digit_of(text[i + 2]);
    result += low < 0 ? text[i] : static_cast<char>(16 * high + low);
    if (low >= 0) i += 2;
  }
  return result;
}

std::string_view without_slashes_behind(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string partition_folder(const PartitionKey& key) {
  const bool is_missing = !key.value || key.value->empty();
  return escaped(key.column) + "=" + (is_missing ? std::string(kMissingPartition) : escaped(*key.value));
}

std::optional<std::string> partition_value(const Column& column, int64_t row) {
  if (!column.is_valid(row)) return {};
  const auto i = static_cast<size_t>(row);
  switch (column.type) {
    case ColumnType::kBool:
      return column.bools[i] != 0 ? "true" : "false";
    case ColumnType::kInt64:
      return str_format("{}", column.integers[i]);
    case ColumnType::kTimestamp:
      return hive_time(column.integers[i]);
    case ColumnType::kString:
      return std::string(column.text(row));
    default:
      throw InternalError("a column of a type that makes no partitions");
  }
}

bool can_partition(ColumnType type) {
  return type == ColumnType::kBool || type == ColumnType::kInt64 || type == ColumnType::kString ||
         type == ColumnType::kTimestamp;
}

std::vector<PartitionKey> partition_keys(std::string_view path, std::string_view root) {
  const std::string_view top = without_slashes_behind(root);
  const bool is_below = path.starts_with(top) && (root.empty() || path.substr(top.size()).starts_with('/'));
  if (!is_below) throw DataError(str_format("{} is not below {}", path, root));
  std::vector<PartitionKey> keys;
  std::string_view rest = path.substr(top.size());
  for (size_t slash = rest.find('/'); slash != rest.npos; slash = rest.find('/')) {
    const std::string_view folder = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
    const size_t equals = folder.find('=');
    if (equals == folder.npos || equals == 0) continue;
    PartitionKey key{.column = unescaped(folder.substr(0, equals)), .value = {}};
    if (std::ranges::count(keys, key.column, &PartitionKey::column) > 0)
      throw DataError(str_format("{}: two of its folders say what \"{}\" is", path, key.column));
    if (const std::string_view value = folder.substr(equals + 1); value != kMissingPartition)
      key.value = unescaped(value);
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace echelon::table
