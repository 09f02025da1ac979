#include "table/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

constexpr double kMicrosecondsADay = 86'400'000'000.0;

}  // namespace

double number_at(const Column& column, int64_t row) {
  if (!column.is_valid(row)) return std::numeric_limits<double>::quiet_NaN();
  const auto i = static_cast<size_t>(row);
  switch (column.type) {
    case ColumnType::kBool:
      return column.bools[i];
    case ColumnType::kInt64:
      return static_cast<double>(column.integers[i]);
    case ColumnType::kTimestamp:
      return static_cast<double>(column.integers[i]) / kMicrosecondsADay;
    case ColumnType::kFloat32:
      return column.floats[i];
    case ColumnType::kFloat64:
      return column.doubles[i];
    default:
      throw DataError(str_format("{} is no number; make the feature categorical", type_name(column.type)));
  }
}

void Statistics::add(const Column& column) {
  Statistics part;
  double sum = 0;
  for (int64_t row = 0; row < column.rows; ++row) {
    const double value = number_at(column, row);
    if (std::isnan(value)) {
      ++part.missing_;
      continue;
    }
    ++part.count_;
    sum += value;
    part.min_ = std::min(part.min_, value);
    part.max_ = std::max(part.max_, value);
  }
  if (part.count_ > 0) part.mean_ = sum / static_cast<double>(part.count_);
  for (int64_t row = 0; row < column.rows; ++row) {
    const double distance = number_at(column, row) - part.mean_;
    if (!std::isnan(distance)) part.squares_ += distance * distance;
  }
  merge(part);
}

void Statistics::merge(const Statistics& other) {
  missing_ += other.missing_;
  if (other.count_ == 0) return;
  const double total = static_cast<double>(count_ + other.count_);
  const double share = static_cast<double>(other.count_) / total;
  const double distance = other.mean_ - mean_;
  squares_ += other.squares_ + distance * distance * static_cast<double>(count_) * share;
  mean_ = count_ == 0 ? other.mean_ : mean_ + distance * share;
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Statistics::standard_deviation() const {
  return count_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(count_));
}

std::string Statistics::pack() const {
  return {reinterpret_cast<const char*>(this), sizeof *this};
}

Statistics Statistics::unpack(std::string_view bytes) {
  Statistics result;
  if (bytes.size() != sizeof result) throw InternalError("packed statistics of another size");
  std::memcpy(&result, bytes.data(), sizeof result);
  return result;
}

}  // namespace echelon::table
