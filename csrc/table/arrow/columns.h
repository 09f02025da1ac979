// Arrow's types and arrays as ours.
#pragma once

#include <arrow/chunked_array.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>

#include "table/column.h"

namespace echelon::table {

ColumnType column_type(const arrow::DataType& type);

/// Arrow's type for a column that is to be read as `type`; null for kList and kUnsupported.
std::shared_ptr<arrow::DataType> arrow_type(ColumnType type);

/// The fields of a schema, with the members of structs (of structs …) under dotted names.
Schema flat_schema(const arrow::Schema& schema);

/// A column of any number of chunks. Throws ParseError with the row for text that is not UTF-8, and
/// DataError, without saying where, for a number that does not fit or a type that is not supported. `pool` is
/// for what is converted on the way.
Column to_column(const arrow::ChunkedArray& array, arrow::MemoryPool* pool);

/// The leaf `name` (dotted) of a table read with at least its top-level column; nothing is copied. A missing
/// struct has missing members. Null when there is none.
std::shared_ptr<arrow::ChunkedArray> find_leaf(
    const arrow::Schema& schema, const std::vector<std::shared_ptr<arrow::ChunkedArray>>& columns,
    const std::string& name);

}  // namespace echelon::table
