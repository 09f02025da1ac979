#include "table/arrow/arrays.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <vector>

#include "common/error.h"
#include "table/arrow/columns.h"
#include "table/arrow/status.h"

namespace echelon::table {
namespace {

/// One bit for each byte that is not zero.
std::shared_ptr<arrow::Buffer> to_bits(const std::vector<uint8_t>& bytes) {
  std::shared_ptr<arrow::Buffer> bits =
      require(arrow::AllocateEmptyBitmap(static_cast<int64_t>(bytes.size())), "a bitmap");
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != 0) arrow::bit_util::SetBit(bits->mutable_data(), static_cast<int64_t>(i));
  return bits;
}

std::shared_ptr<arrow::Buffer> values_of(const Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
      return to_bits(column.bools);
    case ColumnType::kInt64:
    case ColumnType::kTimestamp:
      return arrow::Buffer::Wrap(column.integers);
    case ColumnType::kFloat32:
      return arrow::Buffer::Wrap(column.floats);
    case ColumnType::kFloat64:
      return arrow::Buffer::Wrap(column.doubles);
    case ColumnType::kString:
    case ColumnType::kBinary:
      return std::make_shared<arrow::Buffer>(std::string_view(column.bytes));
    case ColumnType::kList:
    case ColumnType::kUnsupported:
      break;
  }
  throw InternalError("a column without values");
}

std::shared_ptr<arrow::ArrayData> to_data(const Column& column) {
  const std::shared_ptr<arrow::Buffer> validity = column.valid.empty() ? nullptr : to_bits(column.valid);
  const bool is_list = column.type == ColumnType::kList;
  const auto type = array_type(column.type, is_list ? column.items[0].type : ColumnType::kUnsupported);
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {validity};
  if (!column.offsets.empty()) buffers.push_back(arrow::Buffer::Wrap(column.offsets));
  if (!is_list) buffers.push_back(values_of(column));
  auto data = arrow::ArrayData::Make(type, column.rows, std::move(buffers), column.missing());
  if (is_list) data->child_data.push_back(to_data(column.items[0]));
  return data;
}

}  // namespace

std::shared_ptr<arrow::DataType> array_type(ColumnType type, ColumnType item_type) {
  if (type == ColumnType::kList) return arrow::large_list(array_type(item_type, ColumnType::kUnsupported));
  return type == ColumnType::kTimestamp ? arrow::timestamp(arrow::TimeUnit::MICRO, "UTC") : arrow_type(type);
}

std::shared_ptr<arrow::Array> to_array(const Column& column) {
  return arrow::MakeArray(to_data(column));
}

}  // namespace echelon::table
