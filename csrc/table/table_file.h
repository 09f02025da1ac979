// Columnar data, read block by block: Parquet, Arrow, CSV and JSON lines.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/random_access_file.h"
#include "storage/storage.h"
#include "table/column.h"
#include "table/settings.h"

namespace echelon::table {

/// Rows that lie together: a row group of Parquet, a record batch of Arrow, or as many lines as fit into
/// TableOptions::block_bytes.
struct Block {
  int64_t first_row = 0;
  int64_t rows = 0;
};

/// A table whose blocks can be read in any order. Thread-safe.
class TableFile {
 public:
  virtual ~TableFile() = default;
  virtual const std::string& name() const = 0;
  virtual const Schema& schema() const = 0;
  /// Whether the file says what its columns hold. Else it was inferred, unless it was told.
  virtual bool stores_types() const { return true; }
  virtual const std::vector<Block>& blocks() const = 0;
  /// The asked-for columns of a block, in the order in which they are asked for, and nothing else. Throws
  /// DataError that names the file, the block (row group, record batch, or line) and the column.
  virtual std::vector<Column> read(int64_t block, std::span<const std::string> columns) const = 0;

  int64_t rows() const { return blocks().empty() ? 0 : blocks().back().first_row + blocks().back().rows; }
};

/// TableFile::read(), counted as LoadStage::kRead.
std::vector<Column> read_columns(const TableFile& file, int64_t block, std::span<const std::string> columns);

struct TableOptions {
  /// kAuto: by the name (.parquet, .pq, .arrow, .arrows, .feather, .ipc, .csv, .tsv, .jsonl, .ndjson, .json,
  /// before .gz and .zst), else by the first bytes: the magic of Parquet or Arrow, or `{`; else CSV. kArrow
  /// is both the file and the stream format, which are told apart by their first bytes.
  TableFormat format = TableFormat::kAuto;
  /// Types of columns of CSV and JSON lines; those of others are inferred from the first block, where a
  /// column without any value is taken as text.
  std::map<std::string, ColumnType> types{};

  char delimiter = '\0';  ///< of CSV; not set: a tab for .tsv, else a comma
  char quote = '"';
  bool header = true;                       ///< the first record names the columns
  std::vector<std::string> column_names{};  ///< of CSV; replaces the header, needed without one
  /// What stands for a missing value in CSV, unquoted or quoted; for text columns only the empty field does.
  std::vector<std::string> missing = {"",     "NA",   "N/A",  "NaN",  "nan", "null",
                                      "NULL", "None", "#N/A", "-NaN", "-nan"};
  int64_t block_bytes = int64_t{16} << 20;  ///< of CSV and JSON lines
  int64_t max_record_bytes = int64_t{64} << 20;
  int64_t max_block_bytes = int64_t{8} << 30;  ///< of the columns read of a block, uncompressed
};

/// Throws DataError that names the file and the offset or the line: none of the formats, damaged or
/// truncated, an empty file, a row with too few or too many values, columns that are named twice, invalid
/// UTF-8 in text.
std::unique_ptr<TableFile> open_table(std::shared_ptr<const storage::RandomAccessFile> file,
                                      const TableOptions& options = {});

/// The same for a name, wherever it lies. Parquet and Arrow are read in place, the others from an unpacked
/// copy in the cache where they are compressed or distant.
std::unique_ptr<TableFile> open_table(storage::Storage& storage, const std::string& name,
                                      const TableOptions& options = {});

}  // namespace echelon::table
