#include "table/table_file.h"

#include <algorithm>

#include "common/format.h"
#include "inspect/subjects.h"

namespace echelon::inspect {
namespace {

std::string type_of(const table::Field& field) {
  if (field.type != table::ColumnType::kList) return std::string(type_name(field.type));
  return str_format("list of {}", type_name(field.item_type));
}

}  // namespace

Report inspect_table(storage::Storage& storage, const InspectRequest& request) {
  const auto file = table::open_table(storage, request.path);
  Report report(str_format("table {}", request.path));
  report.row("size",
             human_bytes(static_cast<double>(storage.open(request.path, storage::Access::kInPlace)->size())));
  Distribution rows;
  for (const table::Block& block : file->blocks()) rows.add(block.rows);
  report.row("rows", str_format("{}", file->rows()));
  report.row(storage::is_parquet_name(request.path) ? "row groups" : "blocks",
             str_format("{}; rows in each: {}", file->blocks().size(), rows.text()));
  size_t width = 0, type_width = 0;
  for (const table::Field& field : file->schema()) {
    width = std::max(width, field.name.size());
    type_width = std::max(type_width, type_of(field).size());
  }
  report.line(str_format("{} columns", file->schema().size()));
  for (const table::Field& field : file->schema())
    report.line(str_format("  {:<{}}  {:<{}}  stored as {}", field.name, width, type_of(field), type_width,
                           field.stored_as));
  return report;
}

}  // namespace echelon::inspect
