#include "table/table_writer.h"

#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "storage/arrow_library.h"
#include "table/json_lines_writer.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

void check_schema(const std::string& name, const Schema& schema) {
  if (schema.empty()) throw DataError(str_format("{}: a table without columns cannot be written", name));
  require_distinct_names(name, schema);
  for (const Field& field : schema) {
    if (!is_writable(field))
      throw DataError(str_format("{}: column \"{}\" of type {} cannot be written", name, field.name,
                                 field.stored_as.empty() ? type_name(field.type) : field.stored_as));
  }
}

std::unique_ptr<TableWriter> make_parquet_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                                 const TableWriterOptions& options) {
  using Make = TableWriter* (*)(const std::string&, const Schema&, ByteSink, const TableWriterOptions&);
  const auto make = reinterpret_cast<Make>(storage::arrow_function("echelon_arrow_parquet_writer"));
  return std::unique_ptr<TableWriter>(make(name, schema, std::move(sink), options));
}

}  // namespace

std::unique_ptr<TableWriter> open_table_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                               const TableWriterOptions& options) {
  check_schema(name, schema);
  if (options.format == TableFormat::kParquet)
    return make_parquet_writer(name, schema, std::move(sink), options);
  if (options.format == TableFormat::kJsonLines) return make_json_lines_writer(name, schema, std::move(sink));
  throw DataError(str_format("{}: tables are written as Parquet or JSON lines", name));
}

}  // namespace echelon::table
