// What libechelon_arrow.so is made of.
#pragma once

#include <memory>
#include <string>

#include "table/table_file.h"
#include "table/table_writer.h"
#include "table/text_table.h"

namespace arrow {
class MemoryPool;
class Table;
}  // namespace arrow

namespace echelon::table {

std::unique_ptr<TableFile> open_parquet_file(std::shared_ptr<const storage::RandomAccessFile> file,
                                             const TableOptions& options);
std::unique_ptr<TableFile> open_ipc_file(std::shared_ptr<const storage::RandomAccessFile> file,
                                         const TableOptions& options);
std::unique_ptr<TextParser> make_csv_parser(const TableOptions& options);
std::unique_ptr<TextParser> make_json_parser(const TableOptions& options);

std::unique_ptr<TableWriter> make_parquet_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                                 const TableWriterOptions& options);

/// The columns of dotted names, which must have `rows` rows. Throws ParseError with the column.
std::vector<Column> pick_columns(const arrow::Table& table, std::span<const std::string> names, int64_t rows,
                                 arrow::MemoryPool* pool);

/// The same of a block that messages call `where`. Throws DataError.
std::vector<Column> pick_block(const arrow::Table& table, std::span<const std::string> names,
                               const Block& block, const std::string& where, arrow::MemoryPool* pool);

}  // namespace echelon::table
