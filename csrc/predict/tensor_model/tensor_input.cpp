#include "predict/tensor_model/tensor_input.h"

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <type_traits>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

at::ScalarType scalar_type(TensorType type) {
  switch (type) {
    case TensorType::kFloat32:
      return at::kFloat;
    case TensorType::kFloat64:
      return at::kDouble;
    case TensorType::kBFloat16:
      return at::kBFloat16;
    case TensorType::kFloat16:
      return at::kHalf;
    case TensorType::kInt64:
      return at::kLong;
    case TensorType::kInt32:
      return at::kInt;
    case TensorType::kBool:
      return at::kBool;
  }
  throw InternalError("an unknown type of tensor");
}

int64_t product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

/// Calls `use` with the numbers of `column`.
template <class F>
decltype(auto) with_numbers(const Column& column, F use) {
  switch (column.type) {
    case ColumnType::kBool:
      return use(column.bools);
    case ColumnType::kInt64:
    case ColumnType::kTimestamp:
      return use(column.integers);
    case ColumnType::kFloat32:
      return use(column.floats);
    case ColumnType::kFloat64:
      return use(column.doubles);
    default:
      throw InternalError("a column of numbers that holds none");
  }
}

/// The values of row `row` are [begin, end) of the column of numbers.
struct Place {
  const Column& numbers;
  int64_t begin, end;
};

Place place_of(const Column& column, int64_t row) {
  if (column.type != ColumnType::kList) return {column, row, row + 1};
  const auto i = static_cast<size_t>(row);
  return {column.items[0], column.offsets[i], column.offsets[i + 1]};
}

template <class To>
void copy_place(const Place& place, To* to) {
  with_numbers(place.numbers, [&](const auto& numbers) {
    for (int64_t i = place.begin; i < place.end; ++i) {
      const auto value = numbers[static_cast<size_t>(i)];
      if constexpr (std::is_same_v<To, bool>) {
        *to++ = value != 0;
      } else {
        *to++ = static_cast<To>(value);
      }
    }
  });
}

/// Whether it is the same number as a whole one of type `type`.
template <class T>
bool is_whole(T value, TensorType type) {
  if constexpr (std::is_floating_point_v<T>) {
    const double limit = type == TensorType::kInt32 ? 0x1p31 : 0x1p63;
    return value == std::trunc(value) && value >= -limit && value < limit;
  } else {
    using Int = std::numeric_limits<int32_t>;
    return type != TensorType::kInt32 ||
           (static_cast<int64_t>(value) >= Int::min() && static_cast<int64_t>(value) <= Int::max());
  }
}

std::string problem_of_values(const Place& place, TensorType type) {
  for (int64_t i = place.begin; i < place.end; ++i)
    if (place.numbers.is_missing(i)) return "a value is missing";
  if (type != TensorType::kInt64 && type != TensorType::kInt32) return "";
  return with_numbers(place.numbers, [&](const auto& numbers) -> std::string {
    for (int64_t i = place.begin; i < place.end; ++i) {
      const auto value = numbers[static_cast<size_t>(i)];
      if (!is_whole(value, type))
        return str_format("{} is not a whole number that an {} holds", value,
                          type == TensorType::kInt32 ? "int32" : "int64");
    }
    return "";
  });
}

}  // namespace

TensorInput::TensorInput(const std::string& name, std::vector<std::string> columns, TensorSettings settings)
    : columns_(std::move(columns)), settings_(std::move(settings)) {
  if (columns_.empty()) throw ConfigError(str_format("inputs.{}: names no column", name));
  const auto given = static_cast<int64_t>(columns_.size());
  if (given > 1 && settings_.shape && product(*settings_.shape) != given)
    throw ConfigError(str_format("tensors.{}.shape: {} takes {} values, and there are {} columns", name,
                                 format_shape(*settings_.shape), product(*settings_.shape), given));
}

at::ScalarType TensorInput::type() const {
  return scalar_type(settings_.type);
}

std::vector<table::WantedColumn> TensorInput::wanted(const table::Schema& schema) const {
  std::vector<table::WantedColumn> wanted;
  for (const std::string& column : columns_) {
    const table::Field* field = table::find_field(schema, column);
    const bool list = columns_.size() == 1 && field != nullptr && field->type == ColumnType::kList;
    wanted.push_back({.name = column, .need = list ? table::Need::kNumberLists : table::Need::kNumber});
  }
  return wanted;
}

std::string TensorInput::problem(Columns columns, int64_t row) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto say = [&](const std::string& what) {
      return str_format("column \"{}\": {}", columns_[i], what);
    };
    if (columns[i]->is_missing(row)) return say("the value is missing");
    const Place place = place_of(*columns[i], row);
    if (place.begin == place.end) return say("the list is empty");
    if (std::string what = problem_of_values(place, settings_.type); !what.empty()) return say(what);
    if (columns.size() == 1 && settings_.shape && place.end - place.begin != product(*settings_.shape))
      return say(str_format("{} values, and the model takes {}", place.end - place.begin,
                            product(*settings_.shape)));
  }
  return "";
}

int64_t TensorInput::values(Columns columns, int64_t row) const {
  if (columns.size() > 1) return static_cast<int64_t>(columns.size());
  const Place place = place_of(*columns[0], row);
  return place.end - place.begin;
}

std::optional<std::vector<int64_t>> TensorInput::row_shape() const {
  if (settings_.shape) return settings_.shape;
  if (columns_.size() > 1) return std::vector<int64_t>{static_cast<int64_t>(columns_.size())};
  return std::nullopt;
}

at::Tensor TensorInput::shaped(const at::Tensor& values) const {
  if (!settings_.shape) return values;
  std::vector<int64_t> shape = *settings_.shape;
  shape.insert(shape.begin(), values.size(0));
  return values.view(shape);
}

at::Tensor TensorInput::make(Columns columns, std::span<const int64_t> rows) const {
  const int64_t width = values(columns, rows.front());
  const bool narrow = settings_.type == TensorType::kBFloat16 || settings_.type == TensorType::kFloat16;
  const at::ScalarType type = scalar_type(settings_.type);
  at::Tensor made = at::empty({static_cast<int64_t>(rows.size()), width}, narrow ? at::kFloat : type);
  const auto fill = [&]<class T>(T* to) {
    for (const int64_t row : rows) {
      for (const Column* column : columns) {
        const Place place = place_of(*column, row);
        copy_place(place, to);
        to += place.end - place.begin;
      }
    }
  };
  switch (made.scalar_type()) {
    case at::kDouble:
      fill(made.mutable_data_ptr<double>());
      break;
    case at::kLong:
      fill(made.mutable_data_ptr<int64_t>());
      break;
    case at::kInt:
      fill(made.mutable_data_ptr<int32_t>());
      break;
    case at::kBool:
      fill(made.mutable_data_ptr<bool>());
      break;
    default:
      fill(made.mutable_data_ptr<float>());
  }
  return shaped(made.to(type));
}

at::Tensor TensorInput::zeros(int64_t rows) const {
  return shaped(at::zeros({rows, product(*row_shape())}, scalar_type(settings_.type)));
}

}  // namespace echelon::predict
