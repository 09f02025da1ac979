// The tables of a preparation: what is in them, and which of their columns become one table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "prepare/manifest.h"
#include "prepare/table/settings.h"
#include "storage/storage.h"
#include "table/table_file.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// What is known of a table without keeping it open.
struct InputTable {
  work::InputFile file;
  table::Schema schema;
  bool stores_types = false;          ///< table::TableFile::stores_types()
  std::vector<int64_t> block_rows{};  ///< of each block
  /// Of columns that it was told, by the settings or because other tables have them.
  std::map<std::string, table::ColumnType> types{};
};

struct InputTables {
  std::vector<InputTable> tables;
  std::vector<work::InputFile> files;  ///< all that were looked at
  int64_t left_out = 0;                ///< tables that cannot be opened, with on_error: skip
};

/// Opens every table once, shared out. Collective. Throws DataError of the first that cannot be opened, or
/// where none can.
InputTables look_at_tables(const TablePreparation& settings, storage::Storage& storage, Communicator& comm);

/// The columns of the result: those that are asked for, or all. Their types are those that the settings say,
/// else those of the first Parquet file, else of the first file. Tables of text whose values may be of that
/// type are told (InputTable::types). Throws DataError that names file and column: it is not there, is one
/// too many, is of another type, or of one that cannot be written.
table::Schema agree_on_columns(const TablePreparation& settings, std::vector<InputTable>& tables);

/// Opens those that were told types again, whose first block must be of them. Collective.
void check_told_types(const TablePreparation& settings, const std::vector<InputTable>& tables,
                      storage::Storage& storage, Communicator& comm);

std::unique_ptr<table::TableFile> open_input(const TablePreparation& settings, const InputTable& table,
                                             storage::Storage& storage);

}  // namespace echelon::prepare
