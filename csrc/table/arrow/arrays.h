// Columns as Arrow's arrays.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>

#include "table/column.h"

namespace echelon::table {

/// With offsets of 64 bits for text and lists; timestamps are those of UTC.
std::shared_ptr<arrow::DataType> array_type(ColumnType type, ColumnType item_type);

/// Shares the values of `column`, which must outlive the result and keep still.
std::shared_ptr<arrow::Array> to_array(const Column& column);

}  // namespace echelon::table
