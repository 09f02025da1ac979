#include "table/vocabulary.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

std::string whole(double value) {
  if (value != std::floor(value) || std::fabs(value) > 9007199254740992.0)
    throw DataError(str_format("{} is no category: categories are text or whole numbers", value));
  return str_format("{}", static_cast<int64_t>(value));
}

std::optional<int64_t> as_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void sort_by_value(std::vector<std::string>& values) {
  std::sort(values.begin(), values.end());
  const auto is_number = [](const std::string& value) { return as_number(value).has_value(); };
  if (!std::all_of(values.begin(), values.end(), is_number)) return;
  std::stable_sort(values.begin(), values.end(),
                   [](const std::string& a, const std::string& b) { return *as_number(a) < *as_number(b); });
}

void append_number(std::string& bytes, int64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

int64_t take_number(std::string_view& bytes) {
  int64_t number = 0;
  if (bytes.size() < sizeof number) throw InternalError("a packed vocabulary ends early");
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

}  // namespace

std::string category_at(const Column& column, int64_t row) {
  const auto i = static_cast<size_t>(row);
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kBinary:
      return std::string(column.text(row));
    case ColumnType::kBool:
      return column.bools[i] != 0 ? "1" : "0";
    case ColumnType::kInt64:
    case ColumnType::kTimestamp:
      return str_format("{}", column.integers[i]);
    case ColumnType::kFloat32:
      return whole(column.floats[i]);
    case ColumnType::kFloat64:
      return whole(column.doubles[i]);
    default:
      throw DataError(str_format("{} is no category", type_name(column.type)));
  }
}

Vocabulary::Vocabulary(std::vector<std::string> values) : values_(std::move(values)) {
  for (size_t i = 0; i < values_.size(); ++i) ids_.emplace(values_[i], static_cast<int64_t>(i) + 1);
}

int64_t Vocabulary::id_of(std::string_view value) const {
  const auto found = ids_.find(value);
  return found == ids_.end() ? kUnknown : found->second;
}

void VocabularyBuilder::add(const Column& column) {
  for (int64_t row = 0; row < column.rows; ++row) {
    if (column.is_missing(row)) continue;
    if (column.type != ColumnType::kString && column.type != ColumnType::kBinary) {
      ++counts_[category_at(column, row)];
      continue;
    }
    const std::string_view text = column.text(row);  // most are known already, and cost no allocation
    const auto found = counts_.find(text);
    if (found != counts_.end())
      ++found->second;
    else
      counts_.emplace(text, 1);
  }
}

void VocabularyBuilder::merge(const VocabularyBuilder& other) {
  for (const auto& [value, count] : other.counts_) counts_[value] += count;
}

Vocabulary VocabularyBuilder::finish(int64_t min_count, int64_t max_values) const {
  std::vector<std::pair<int64_t, std::string>> kept;  // the count negated, so that sorting gives the order
  for (const auto& [value, count] : counts_)
    if (count >= min_count) kept.emplace_back(-count, value);
  std::sort(kept.begin(), kept.end());
  if (max_values > 0 && static_cast<int64_t>(kept.size()) > max_values)
    kept.resize(static_cast<size_t>(max_values));
  std::vector<std::string> values;
  for (auto& [count, value] : kept) values.push_back(std::move(value));
  sort_by_value(values);
  return Vocabulary(std::move(values));
}

std::string VocabularyBuilder::pack() const {
  std::string bytes;
  for (const auto& [value, count] : counts_) {
    append_number(bytes, count);
    append_number(bytes, static_cast<int64_t>(value.size()));
    bytes += value;
  }
  return bytes;
}

VocabularyBuilder VocabularyBuilder::unpack(std::string_view bytes) {
  VocabularyBuilder builder;
  while (!bytes.empty()) {
    const int64_t count = take_number(bytes);
    const auto size = static_cast<size_t>(take_number(bytes));
    if (bytes.size() < size) throw InternalError("a packed vocabulary ends early");
    builder.counts_.emplace(bytes.substr(0, size), count);
    bytes.remove_prefix(size);
  }
  return builder;
}

}  // namespace echelon::table
