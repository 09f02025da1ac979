// What the parsers of CSV and JSON lines share.
#pragma once

#include <arrow/table.h>

#include <map>
#include <string>
#include <string_view>

#include "table/arrow/columns.h"
#include "table/table_file.h"
#include "table/text_table.h"

namespace echelon::table {

/// Arrow's status as ParseError, with the row where Arrow tells it.
void require_parsed(const arrow::Status& status);

/// Text as a file of Arrow's; it must outlive the result.
std::shared_ptr<arrow::io::InputStream> stream_of(std::string_view text);

/// Columns without any value, which Arrow gives a type of their own, are text; so is what it takes as bytes,
/// because it is not UTF-8, which reading then refuses.
std::shared_ptr<arrow::Schema> without_null_types(const std::shared_ptr<arrow::Schema>& schema);

/// Arrow's type of a column that the user gave a type.
std::shared_ptr<arrow::DataType> explicit_type(const std::string& column, ColumnType type);

}  // namespace echelon::table
