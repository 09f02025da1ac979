#include "prepare/table/inputs.h"

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/table/tables.h"
#include "table/schema_check.h"
#include "work/inputs.h"
#include "work/share_work.h"

namespace echelon::prepare {
namespace {

using table::ColumnType;
using table::Field;

/// A column of the result, and where its type is from.
struct Column {
  Field field;
  const InputTable* from;  ///< null: the settings
};

work::Json look_at(const TablePreparation& settings, storage::Storage& storage, const std::string& path) {
  const auto file = table::open_table(storage, path, data::table_options(settings));
  work::Json schema = work::Json::array(), rows = work::Json::array();
  for (const Field& field : file->schema())
    schema.push_back(
        {field.name, static_cast<int>(field.type), static_cast<int>(field.item_type), field.stored_as});
  for (const table::Block& block : file->blocks()) rows.push_back(block.rows);
  return {{"schema", schema}, {"stores_types", file->stores_types()}, {"rows", rows}};
}

InputTable table_of(const work::SeenInput& seen) {
  InputTable table{.file = seen.file,
                   .schema = {},
                   .stores_types = seen.facts.at("stores_types"),
                   .block_rows = seen.facts.at("rows")};
  for (const work::Json& field : seen.facts.at("schema"))
    table.schema.push_back({.name = field.at(0),
                            .type = static_cast<ColumnType>(field.at(1).get<int>()),
                            .item_type = static_cast<ColumnType>(field.at(2).get<int>()),
                            .stored_as = field.at(3)});
  return table;
}

const Field& require_column(const InputTable& table, const std::string& name, const InputTable& first) {
  return table::require_column(table.file.name, table.schema, name,
                               &table == &first ? "" : str_format(", which {} has", first.file.name));
}

void refuse_further_columns(const InputTable& table, const InputTable& first) {
  for (const Field& field : table.schema)
    if (table::find_field(first.schema, field.name) == nullptr)
      throw DataError(str_format("{} has a column \"{}\", which {} has not; list those to keep under columns",
                                 table.file.name, field.name, first.file.name));
}

/// Who says what a column holds: the settings, the first file that stores types, else the first.
Column find_column(const TablePreparation& settings, const std::vector<InputTable>& tables,
                   const std::string& name) {
  if (const auto set = settings.types.find(name); set != settings.types.end())
    return {{.name = name, .type = table::parse_type(set->second)}, nullptr};
  const InputTable* from = &tables.front();
  for (const InputTable& table : tables) {
    if (!table.stores_types) continue;
    from = &table;
    break;
  }
  const Field& field = require_column(*from, name, tables.front());
  if (!table::is_writable(field))
    throw DataError(
        str_format("{}: column \"{}\" of type {} cannot be written; list the others under columns",
                   from->file.name, name, field.stored_as));
  return {field, from};
}

/// Whether text that was taken for `inferred` may be read as what another table has. A column without values
/// in the first block was taken for text.
bool may_be_read_as(const Field& inferred, const Column& wanted) {
  const auto any_of = [](ColumnType type, auto... types) { return ((type == types) || ...); };
  const ColumnType to = wanted.field.type;
  if (inferred.type == ColumnType::kString) return !any_of(to, ColumnType::kBinary, ColumnType::kList);
  if (to == ColumnType::kString)
    return wanted.from != nullptr && wanted.from->stores_types && inferred.type != ColumnType::kList;
  return any_of(to, ColumnType::kFloat32, ColumnType::kFloat64) &&
         any_of(inferred.type, ColumnType::kInt64, ColumnType::kFloat64);
}

void settle_type(InputTable& table, const Column& wanted, const InputTable& first) {
  const Field& own = require_column(table, wanted.field.name, first);
  if (own.type == wanted.field.type && own.item_type == wanted.field.item_type) return;
  if (!table.stores_types && may_be_read_as(own, wanted)) {
    table.types[own.name] = wanted.field.type;
    return;
  }
  throw DataError(str_format("{}: column \"{}\" holds {}; {} has {}{}", table.file.name, own.name,
                             name_of_type(own), wanted.from != nullptr ? wanted.from->file.name : "types",
                             name_of_type(wanted.field),
                             table.stores_types ? "" : "; say under types what it is to be read as"));
}

}  // namespace

InputTables look_at_tables(const TablePreparation& settings, storage::Storage& storage, Communicator& comm) {
  const std::vector<std::string> paths = work::expand_input(settings.input, storage, comm);
  const auto look = [&](const std::string& path, const storage::RandomAccessFile&) -> work::Json {
    try {
      return look_at(settings, storage, path);
    } catch (const DataError& error) {
      if (settings.on_error != data::OnError::kSkip) throw;
      return {{"problem", error.what()}};
    }
  };
  InputTables inputs;
  for (const work::SeenInput& seen : work::look_at_inputs(paths, storage, comm, look)) {
    inputs.files.push_back(seen.file);
    if (!seen.facts.contains("problem")) {
      inputs.tables.push_back(table_of(seen));
    } else if (inputs.left_out++ == 0) {
      log::info("left out a damaged table (others are counted): {}",
                seen.facts.at("problem").get<std::string>());
    }
  }
  if (inputs.tables.empty()) throw DataError("no table is left: all are damaged");
  return inputs;
}

table::Schema agree_on_columns(const TablePreparation& settings, std::vector<InputTable>& tables) {
  const InputTable& first = tables.front();
  const bool all = settings.columns.empty();
  table::Schema schema;
  for (const std::string& name : all ? table::names_of(first.schema) : settings.columns) {
    for (const InputTable& table : tables) require_column(table, name, first);
    const Column column = find_column(settings, tables, name);
    for (InputTable& table : tables) settle_type(table, column, first);
    schema.push_back(column.field);
  }
  for (const InputTable& table : tables)
    if (all) refuse_further_columns(table, first);
  return schema;
}

void check_told_types(const TablePreparation& settings, const std::vector<InputTable>& tables,
                      storage::Storage& storage, Communicator& comm) {
  std::vector<const InputTable*> told;
  for (const InputTable& table : tables)
    if (!table.types.empty()) told.push_back(&table);
  const auto check = [&](int64_t i) -> std::string {
    open_input(settings, *told[static_cast<size_t>(i)], storage);
    return "";
  };
  work::share_work(static_cast<int64_t>(told.size()), check, &comm);
}

std::unique_ptr<table::TableFile> open_input(const TablePreparation& settings, const InputTable& table,
                                             storage::Storage& storage) {
  table::TableOptions options = data::table_options(settings);
  for (const auto& [column, type] : table.types) options.types[column] = type;
  return table::open_table(storage, table.file.name, options);
}

}  // namespace echelon::prepare
