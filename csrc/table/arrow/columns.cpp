#include "table/arrow/columns.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/util/utf8.h>

#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/status.h"
#include "table/text_table.h"

namespace echelon::table {
namespace {

using arrow::Type;

ColumnType integer_or(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) ? ColumnType::kInt64 : ColumnType::kUnsupported;
}

/// Of the values of a list that can be read, else kUnsupported.
ColumnType item_type(const arrow::DataType& type) {
  if (column_type(type) != ColumnType::kList) return ColumnType::kUnsupported;
  return column_type(*static_cast<const arrow::BaseListType&>(type).value_type());
}

/// Arrays of the types that the columns hold; everything else is cast to one of them first.
std::shared_ptr<arrow::DataType> stored_type(const arrow::DataType& type) {
  const ColumnType column = column_type(type);
  if (column == ColumnType::kList) {
    const auto& list = static_cast<const arrow::BaseListType&>(type);
    const auto item = stored_type(*list.value_type());
    return item ? arrow::large_list(item) : nullptr;
  }
  return arrow_type(column);
}

bool is_utf8(std::string_view text) {
  static const bool ready = (arrow::util::InitializeUTF8(), true);
  return ready && arrow::util::ValidateUTF8(text);
}

template <class ArrowArray, class T>
void append_numbers(const arrow::Array& array, std::vector<T>& values) {
  const auto& typed = static_cast<const ArrowArray&>(array);
  const size_t start = values.size();
  values.resize(start + static_cast<size_t>(array.length()));
  for (int64_t i = 0; i < array.length(); ++i)
    values[start + static_cast<size_t>(i)] = array.IsNull(i) ? T{} : static_cast<T>(typed.Value(i));
}

template <class ArrowArray>
void append_texts(const arrow::Array& array, Column& column) {
  const auto& typed = static_cast<const ArrowArray&>(array);
  for (int64_t i = 0; i < array.length(); ++i) {
    const std::string_view text = array.IsNull(i) ? std::string_view() : typed.GetView(i);
    if (column.type == ColumnType::kString && !is_utf8(text))
      throw ParseError("it is not valid UTF-8", column.rows - array.length() + i);
    column.bytes += text;
    column.offsets.push_back(static_cast<int64_t>(column.bytes.size()));
  }
}

void append(const arrow::Array& array, Column& column);

void append_lists(const arrow::LargeListArray& array, Column& column) {
  for (int64_t i = 0; i < array.length(); ++i) {
    if (!array.IsNull(i)) append(*array.value_slice(i), column.items[0]);
    column.offsets.push_back(column.items[0].rows);
  }
}

void append_validity(const arrow::Array& array, Column& column) {
  if (array.null_count() == 0 && column.valid.empty()) return;
  column.valid.resize(static_cast<size_t>(column.rows), 1);
  for (int64_t i = 0; i < array.length(); ++i) column.valid.push_back(array.IsNull(i) ? 0 : 1);
}

void append(const arrow::Array& array, Column& column) {
  append_validity(array, column);
  column.rows += array.length();
  switch (column.type) {
    case ColumnType::kBool:
      return append_numbers<arrow::BooleanArray>(array, column.bools);
    case ColumnType::kInt64:
      return append_numbers<arrow::Int64Array>(array, column.integers);
    case ColumnType::kTimestamp:
      return append_numbers<arrow::TimestampArray>(array, column.integers);
    case ColumnType::kFloat32:
      return append_numbers<arrow::FloatArray>(array, column.floats);
    case ColumnType::kFloat64:
      return append_numbers<arrow::DoubleArray>(array, column.doubles);
    case ColumnType::kString:
    case ColumnType::kBinary:
      return append_texts<arrow::LargeBinaryArray>(array, column);
    case ColumnType::kList:
      return append_lists(static_cast<const arrow::LargeListArray&>(array), column);
    case ColumnType::kUnsupported:
      break;
  }
  throw DataError(str_format("the type {} is not supported", array.type()->ToString()));
}

/// Null for what is neither a time of day nor a duration.
std::shared_ptr<arrow::DataType> in_microseconds(const arrow::DataType& type) {
  if (arrow::is_time(type.id())) return arrow::time64(arrow::TimeUnit::MICRO);
  return type.id() == Type::DURATION ? arrow::duration(arrow::TimeUnit::MICRO) : nullptr;
}

std::shared_ptr<arrow::Array> cast(const std::shared_ptr<arrow::Array>& array,
                                   const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) {
  if (array->type()->Equals(*type)) return array;
  // Times of day and durations become microseconds first, which then are whole numbers.
  if (const auto unit = in_microseconds(*array->type());
      unit && type->id() == Type::INT64 && !array->type()->Equals(*unit))
    return cast(cast(array, unit, pool), type, pool);
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(type);
  options.allow_time_truncate = true;  // nanoseconds
  options.allow_decimal_truncate = true;
  arrow::compute::ExecContext context(pool);
  return require(arrow::compute::Cast(*array, type, options, &context), array->type()->ToString());
}

void add_fields(const arrow::FieldVector& fields, const std::string& prefix, Schema& schema) {
  for (const auto& field : fields) {
    const std::string name = prefix + field->name();
    if (field->type()->id() == Type::STRUCT) {
      add_fields(field->type()->fields(), name + ".", schema);
      continue;
    }
    schema.push_back({.name = name,
                      .type = column_type(*field->type()),
                      .item_type = item_type(*field->type()),
                      .stored_as = field->type()->ToString()});
  }
}

/// The member of every chunk; where the struct is missing, so is the member.
std::shared_ptr<arrow::ChunkedArray> member(const arrow::ChunkedArray& structs, int index) {
  arrow::ArrayVector chunks;
  for (const auto& chunk : structs.chunks())
    chunks.push_back(
        require(static_cast<const arrow::StructArray&>(*chunk).GetFlattenedField(index), "a struct"));
  return std::make_shared<arrow::ChunkedArray>(std::move(chunks), structs.type()->field(index)->type());
}

std::shared_ptr<arrow::ChunkedArray> find_in(const std::shared_ptr<arrow::ChunkedArray>& array,
                                             const std::string& name) {
  if (name.empty()) return array;
  if (array->type()->id() != Type::STRUCT) return nullptr;
  for (int i = 0; i < array->type()->num_fields(); ++i) {
    const std::string& own = array->type()->field(i)->name();
    if (name == own) return find_in(member(*array, i), "");
    if (name.starts_with(own + ".")) {
      if (auto found = find_in(member(*array, i), name.substr(own.size() + 1))) return found;
    }
  }
  return nullptr;
}

}  // namespace

ColumnType column_type(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return ColumnType::kBool;
    case Type::HALF_FLOAT:
    case Type::FLOAT:
      return ColumnType::kFloat32;
    case Type::DOUBLE:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return ColumnType::kFloat64;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::NA:
      return ColumnType::kString;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return ColumnType::kBinary;
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIMESTAMP:
      return ColumnType::kTimestamp;
    case Type::TIME32:
    case Type::TIME64:
    case Type::DURATION:
      return ColumnType::kInt64;
    case Type::DICTIONARY:
      return column_type(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST: {
      const ColumnType item = column_type(*static_cast<const arrow::BaseListType&>(type).value_type());
      return item == ColumnType::kList || item == ColumnType::kUnsupported ? ColumnType::kUnsupported
                                                                           : ColumnType::kList;
    }
    default:
      return integer_or(type);
  }
}

std::shared_ptr<arrow::DataType> arrow_type(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return arrow::boolean();
    case ColumnType::kInt64:
      return arrow::int64();
    case ColumnType::kFloat32:
      return arrow::float32();
    case ColumnType::kFloat64:
      return arrow::float64();
    case ColumnType::kString:
      return arrow::large_utf8();
    case ColumnType::kBinary:
      return arrow::large_binary();
    case ColumnType::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case ColumnType::kList:
    case ColumnType::kUnsupported:
      break;
  }
  return nullptr;
}

Schema flat_schema(const arrow::Schema& schema) {
  Schema flat;
  add_fields(schema.fields(), "", flat);
  return flat;
}

Column to_column(const arrow::ChunkedArray& array, arrow::MemoryPool* pool) {
  const auto type = stored_type(*array.type());
  if (!type) throw DataError(str_format("the type {} is not supported", array.type()->ToString()));
  Column column = empty_column(column_type(*array.type()), item_type(*array.type()));
  for (const auto& chunk : array.chunks()) append(*cast(chunk, type, pool), column);
  return column;
}

std::shared_ptr<arrow::ChunkedArray> find_leaf(
    const arrow::Schema& schema, const std::vector<std::shared_ptr<arrow::ChunkedArray>>& columns,
    const std::string& name) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    const std::string& own = schema.field(i)->name();
    const auto& column = columns[static_cast<size_t>(i)];
    if (name == own && column->type()->id() != Type::STRUCT) return column;
    if (name.starts_with(own + ".")) {
      if (auto found = find_in(column, name.substr(own.size() + 1))) return found;
    }
  }
  return nullptr;
}

}  // namespace echelon::table
