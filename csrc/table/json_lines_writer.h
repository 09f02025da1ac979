// Rows as JSON lines.
#pragma once

#include <memory>
#include <string>

#include "table/table_writer.h"

namespace echelon::table {

/// Of a schema that can be written (open_table_writer(), whose contract says what the lines look like).
std::unique_ptr<TableWriter> make_json_lines_writer(const std::string& name, const Schema& schema,
                                                    ByteSink sink);

}  // namespace echelon::table
