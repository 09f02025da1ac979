#include <arrow/chunked_array.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <limits>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "storage/location.h"
#include "table/arrow/columns.h"
#include "table/arrow/input.h"
#include "table/arrow/library.h"
#include "table/arrow/limited_pool.h"
#include "table/arrow/status.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

using parquet::arrow::SchemaField;

parquet::ReaderProperties reader_properties(arrow::MemoryPool* pool) {
  parquet::ReaderProperties properties(pool);
  properties.set_page_checksum_verification(true);
  return properties;
}

parquet::ArrowReaderProperties arrow_properties(const std::string& name) {
  parquet::ArrowReaderProperties properties = parquet::default_arrow_reader_properties();
  properties.set_use_threads(false);  // callers have threads of their own
  properties.set_pre_buffer(storage::is_remote(name));
  return properties;
}

void collect_leaves(const SchemaField& field, std::set<int>& leaves) {
  if (field.is_leaf()) leaves.insert(field.column_index);
  for (const SchemaField& child : field.children) collect_leaves(child, leaves);
}

/// The field of a dotted name.
const SchemaField* find_field(const std::vector<SchemaField>& fields, const std::string& name) {
  for (const SchemaField& field : fields) {
    const std::string& own = field.field->name();
    const bool is_struct = field.field->type()->id() == arrow::Type::STRUCT;
    if (name == own && !is_struct) return &field;
    if (is_struct && name.starts_with(own + "."))
      if (const SchemaField* found = find_field(field.children, name.substr(own.size() + 1))) return found;
  }
  return nullptr;
}

class ParquetFile final : public TableFile {
 public:
  ParquetFile(std::shared_ptr<const storage::RandomAccessFile> file, const TableOptions& options)
      : file_(std::move(file)), max_block_bytes_(options.max_block_bytes) {
    const auto reader = open_reader(arrow::default_memory_pool());
    metadata_ = reader->parquet_reader()->metadata();
    std::shared_ptr<arrow::Schema> schema;
    require(reader->GetSchema(&schema), name());
    schema_ = flat_schema(*schema);
    require_distinct_names(name(), schema_);
    for (int group = 0; group < metadata_->num_row_groups(); ++group) {
      const int64_t rows = metadata_->RowGroup(group)->num_rows();
      if (rows < 0 || rows > std::numeric_limits<int64_t>::max() - this->rows())
        throw DataError(str_format("{}, row group {}: {} rows", name(), group, rows));
      blocks_.push_back({this->rows(), rows});
    }
  }

  const std::string& name() const override { return file_->name(); }
  const Schema& schema() const override { return schema_; }
  const std::vector<Block>& blocks() const override { return blocks_; }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    const Block& rows = blocks_.at(static_cast<size_t>(block));
    const std::string where = str_format("{}, row group {} (rows {} to {})", name(), block, rows.first_row,
                                         rows.first_row + rows.rows - 1);
    return catching(where, [&] { return read_group(static_cast<int>(block), columns, where); });
  }

 private:
  /// One for each call: a reader is not for several threads.
  std::unique_ptr<parquet::arrow::FileReader> open_reader(arrow::MemoryPool* pool) const {
    return catching(name(), [&] {
      auto file = parquet::ParquetFileReader::Open(arrow_input(file_), reader_properties(pool), metadata_);
      return require(parquet::arrow::FileReader::Make(pool, std::move(file), arrow_properties(name())),
                     name());
    });
  }

  const SchemaField& find(const parquet::arrow::FileReader& reader, const std::string& column) const {
    const SchemaField* field = find_field(reader.manifest().schema_fields, column);
    if (field != nullptr) return *field;
    require_column(name(), schema_, column);
    throw DataError(str_format("{}: column \"{}\" cannot be found again", name(), column));
  }

  /// A bomb says its size as a rule; what does not ends at the limit of LimitedPool.
  void check_size(int group, const std::set<int>& leaves, const std::string& where) const {
    int64_t bytes = 0;
    for (const int leaf : leaves) {
      const int64_t column = metadata_->RowGroup(group)->ColumnChunk(leaf)->total_uncompressed_size();
      if (column < 0) throw DataError(str_format("{}: a column of {} bytes", where, column));
      bytes += std::min(column, max_block_bytes_ + 1);
    }
    if (bytes > max_block_bytes_)
      throw DataError(str_format("{}: the columns unpack to more than {}, the limit", where,
                                 human_bytes(static_cast<double>(max_block_bytes_))));
  }

  std::vector<Column> read_group(int group, std::span<const std::string> columns,
                                 const std::string& where) const {
    LimitedPool pool(2 * max_block_bytes_);  // pages beside the columns that they become
    const auto reader = open_reader(pool.get());
    std::set<int> leaves;
    for (const std::string& column : columns) collect_leaves(find(*reader, column), leaves);
    check_size(group, leaves, where);
    std::shared_ptr<arrow::Table> table;
    require(reader->ReadRowGroup(group, {leaves.begin(), leaves.end()}, &table), where);
    return pick_block(*table, columns, blocks_[static_cast<size_t>(group)], where, pool.get());
  }

  std::shared_ptr<const storage::RandomAccessFile> file_;
  int64_t max_block_bytes_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  Schema schema_;
  std::vector<Block> blocks_;
};

}  // namespace

std::unique_ptr<TableFile> open_parquet_file(std::shared_ptr<const storage::RandomAccessFile> file,
                                             const TableOptions& options) {
  return std::make_unique<ParquetFile>(std::move(file), options);
}

}  // namespace echelon::table
