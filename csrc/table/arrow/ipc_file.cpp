// Arrow's IPC formats as a TableFile: of the file format (Feather version 2) only the wanted columns of a
// batch are read; of the stream format the batch, behind the schema and the dictionaries that hold for it.
#include <arrow/array/array_base.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/columns.h"
#include "table/arrow/input.h"
#include "table/arrow/ipc_messages.h"
#include "table/arrow/library.h"
#include "table/arrow/limited_pool.h"
#include "table/arrow/status.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

using storage::RandomAccessFile;

std::string first_bytes(const RandomAccessFile& file) {
  std::string bytes(static_cast<size_t>(std::min<int64_t>(6, file.size())), '\0');
  file.read(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

arrow::ipc::IpcReadOptions read_options(arrow::MemoryPool* pool, const std::set<int>& fields = {}) {
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = pool;
  options.use_threads = false;  // callers have threads of their own
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  options.included_fields.assign(fields.begin(), fields.end());
  return options;
}

class IpcFile : public TableFile {
 public:
  const std::string& name() const override { return file_->name(); }
  const Schema& schema() const override { return schema_; }
  const std::vector<Block>& blocks() const override { return blocks_; }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    const Block& rows = blocks_.at(static_cast<size_t>(block));
    const std::string where = str_format("{}, record batch {} (rows {} to {})", name(), block, rows.first_row,
                                         rows.first_row + rows.rows - 1);
    std::set<int> fields;
    for (const std::string& column : columns) {
      const Field& field = require_column(name(), schema_, column);
      fields.insert(fields_[static_cast<size_t>(&field - schema_.data())]);
    }
    if (fields.empty()) return {};
    return catching(where, [&] {
      LimitedPool pool(2 * max_block_bytes_);  // what is read beside the columns that it becomes
      const auto batch = read_batch(static_cast<size_t>(block), fields, where, pool.get());
      check(*batch, where);
      const auto table = require(arrow::Table::FromRecordBatches({batch}), where);
      return pick_block(*table, columns, rows, where, pool.get());
    });
  }

 protected:
  IpcFile(std::shared_ptr<const RandomAccessFile> file, const TableOptions& options)
      : file_(std::move(file)), max_block_bytes_(options.max_block_bytes) {}

  const RandomAccessFile& file() const { return *file_; }
  /// The limited memory of a call ends with it, and so must all that the reader does.
  std::shared_ptr<arrow::io::RandomAccessFile> input() const {
    return arrow_input(file_, ReadAhead::kAtOnce);
  }

  void take_schema(const arrow::Schema& schema) {
    for (int i = 0; i < schema.num_fields(); ++i) {
      for (Field& field : flat_schema(*arrow::schema({schema.field(i)}))) {
        schema_.push_back(std::move(field));
        fields_.push_back(i);
      }
    }
    require_distinct_names(name(), schema_);
  }

  void add_block(int64_t rows) {
    if (rows < 0 || rows > std::numeric_limits<int64_t>::max() - this->rows())
      throw DataError(str_format("{}, record batch {}: {} rows", name(), blocks_.size(), rows));
    blocks_.push_back({this->rows(), rows});
  }

  /// These fields of a batch, none of which was looked at.
  virtual std::shared_ptr<arrow::RecordBatch> read_batch(size_t block, const std::set<int>& fields,
                                                         const std::string& where,
                                                         arrow::MemoryPool* pool) const = 0;

 private:
  /// Arrow takes offsets, lengths and places in dictionaries as they come.
  void check(const arrow::RecordBatch& batch, const std::string& where) const {
    require(batch.Validate(), where);
    for (int i = 0; i < batch.num_columns(); ++i)
      require(batch.column(i)->ValidateFull(), str_format("{}: column \"{}\"", where, batch.column_name(i)));
    if (arrow::util::TotalBufferSize(batch) > max_block_bytes_)
      throw DataError(str_format("{}: the columns unpack to more than {}, the limit", where,
                                 human_bytes(static_cast<double>(max_block_bytes_))));
  }

  std::shared_ptr<const RandomAccessFile> file_;
  int64_t max_block_bytes_;
  Schema schema_;
  std::vector<int> fields_;  ///< of the file, that each of the schema is of
  std::vector<Block> blocks_;
};

/// As require(), of what reads `input`.
template <class T>
T require_read(arrow::Result<T> result, const arrow::io::RandomAccessFile& input, std::string_view what) {
  if (!result.ok()) rethrow_unavailable(input);
  return require(std::move(result), what);
}

class FileFormat final : public IpcFile {
 public:
  FileFormat(std::shared_ptr<const RandomAccessFile> file, const TableOptions& options)
      : IpcFile(std::move(file), options) {
    catching(name(), [&] {
      take_schema(*open(input(), read_options(arrow::default_memory_pool()))->schema());
      for (const int64_t rows : rows_of_ipc_file(this->file())) add_block(rows);
    });
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> open(
      const std::shared_ptr<arrow::io::RandomAccessFile>& input,
      const arrow::ipc::IpcReadOptions& options) const {
    return require_read(arrow::ipc::RecordBatchFileReader::Open(input, options), *input, name());
  }

  std::shared_ptr<arrow::RecordBatch> read_batch(size_t block, const std::set<int>& fields,
                                                 const std::string& where,
                                                 arrow::MemoryPool* pool) const override {
    const auto file = input();
    const auto reader = open(file, read_options(pool, fields));
    return require_read(reader->ReadRecordBatch(static_cast<int>(block)), *file, where);
  }
};

class StreamFormat final : public IpcFile {
 public:
  StreamFormat(std::shared_ptr<const RandomAccessFile> file, const TableOptions& options)
      : IpcFile(std::move(file), options), stream_(scan_ipc_stream(this->file())) {
    catching(name(), [&] {
      take_schema(*open({stream_.schema}, read_options(arrow::default_memory_pool()))->schema());
      for (const IpcBatch& batch : stream_.batches) add_block(batch.rows);
    });
  }

 private:
  /// A stream of some messages of this one.
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> open(const std::vector<IpcMessage>& messages,
                                                            const arrow::ipc::IpcReadOptions& options) const {
    int64_t bytes = 0;
    for (const IpcMessage& message : messages) bytes += message.bytes;
    std::shared_ptr<arrow::Buffer> buffer =
        require(arrow::AllocateBuffer(bytes, options.memory_pool), name());
    uint8_t* to = buffer->mutable_data();
    for (const IpcMessage& message : messages) {
      file().read(message.offset, {to, static_cast<size_t>(message.bytes)});
      to += message.bytes;
    }
    return require(
        arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<arrow::io::BufferReader>(buffer), options),
        name());
  }

  std::shared_ptr<arrow::RecordBatch> read_batch(size_t block, const std::set<int>& fields,
                                                 const std::string& where,
                                                 arrow::MemoryPool* pool) const override {
    const IpcBatch& place = stream_.batches[block];
    std::vector<IpcMessage> messages = dictionaries_of(stream_, place);
    messages.insert(messages.begin(), stream_.schema);
    messages.push_back(place.message);
    std::shared_ptr<arrow::RecordBatch> batch;
    require(open(messages, read_options(pool, fields))->ReadNext(&batch), where);
    if (batch == nullptr) throw DataError(str_format("{}: it ends before the batch", where));
    return batch;
  }

  IpcStream stream_;
};

}  // namespace

std::unique_ptr<TableFile> open_ipc_file(std::shared_ptr<const RandomAccessFile> file,
                                         const TableOptions& options) {
  const std::string beginning = first_bytes(*file);
  if (beginning.starts_with("FEA1"))
    throw DataError(
        str_format("{} is Feather version 1, which is not read; write it anew as version 2", file->name()));
  if (beginning == "ARROW1") return std::make_unique<FileFormat>(std::move(file), options);
  return std::make_unique<StreamFormat>(std::move(file), options);
}

}  // namespace echelon::table
