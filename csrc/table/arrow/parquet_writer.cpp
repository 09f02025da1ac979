#include <arrow/io/interfaces.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <exception>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/arrays.h"
#include "table/arrow/library.h"
#include "table/arrow/status.h"
#include "table/schema_check.h"

namespace echelon::table {
namespace {

/// The sink as a file of Arrow's, which keeps what the sink throws.
class Output final : public arrow::io::OutputStream {
 public:
  explicit Output(ByteSink sink) : sink_(std::move(sink)) {}

  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    abandon();
    return arrow::Status::OK();
  }
  bool closed() const override { return sink_ == nullptr; }

  arrow::Status Write(const void* bytes, int64_t count) override {
    if (closed()) return arrow::Status::IOError("nothing more can be written");
    try {
      sink_({static_cast<const std::byte*>(bytes), static_cast<size_t>(count)});
    } catch (...) {
      failure_ = std::current_exception();
      abandon();
      return arrow::Status::IOError("the bytes were not taken");
    }
    position_ += count;
    return arrow::Status::OK();
  }
  using Writable::Write;

  void abandon() { sink_ = nullptr; }
  void rethrow_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  ByteSink sink_;
  int64_t position_ = 0;
  std::exception_ptr failure_;
};

arrow::Compression::type codec(ParquetCompression compression) {
  switch (compression) {
    case ParquetCompression::kNone:
      return arrow::Compression::UNCOMPRESSED;
    case ParquetCompression::kSnappy:
      return arrow::Compression::SNAPPY;
    case ParquetCompression::kZstd:
      return arrow::Compression::ZSTD;
  }
  throw InternalError("an unknown compression");
}

std::shared_ptr<parquet::WriterProperties> writer_properties(const Schema& schema,
                                                             const TableWriterOptions& options) {
  parquet::WriterProperties::Builder builder;
  // Readers know by it which defects of old writers to expect. A fixed one keeps the bytes the same.
  builder.created_by("echelon version 1.0 (build 1)");
  builder.enable_page_checksum();
  builder.max_row_group_length(options.rows_per_group);
  builder.compression(codec(options.compression));
  if (options.compression == ParquetCompression::kZstd) builder.compression_level(3);
  // Images and the like: no two are the same.
  for (const Field& field : schema)
    if (field.type == ColumnType::kBinary)
      builder.disable_dictionary(std::make_shared<parquet::schema::ColumnPath>(std::vector{field.name}));
  return builder.build();
}

std::shared_ptr<arrow::Schema> arrow_schema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const Field& field : schema)
    fields.push_back(arrow::field(field.name, array_type(field.type, field.item_type)));
  return arrow::schema(std::move(fields));
}

class ParquetWriter final : public TableWriter {
 public:
  using TableWriter::append;

  ParquetWriter(const std::string& name, const Schema& schema, ByteSink sink,
                const TableWriterOptions& options)
      : name_(name), schema_(schema), options_(options), output_(std::make_shared<Output>(std::move(sink))) {
    start_group();
    guarded([&] {
      writer_ = require(parquet::arrow::FileWriter::Open(*arrow_schema(schema_), arrow::default_memory_pool(),
                                                         output_, writer_properties(schema_, options_)),
                        name_);
      if (options_.metadata.empty()) return;
      auto metadata = std::make_shared<arrow::KeyValueMetadata>();
      for (const auto& [key, value] : options_.metadata) metadata->Append(key, value);
      require(writer_->AddKeyValueMetadata(metadata), name_);
    });
  }

  /// Parquet's writer would write the end of the file, as if it were whole.
  ~ParquetWriter() override { output_->abandon(); }

  void append(std::span<const Column> columns, int64_t begin, int64_t end) override {
    guarded([&] {
      if (output_->closed()) throw InternalError(str_format("{}: nothing more can be written", name_));
      require_fit(name_, schema_, columns, begin, end);
      for (int64_t row = begin; row < end;) row = fill_group(columns, row, end);
    });
  }

  int64_t rows() const override { return rows_; }

  void flush() override {
    guarded([&] { write_group(); });
  }

  void close() override {
    guarded([&] {
      write_group();
      require(writer_->Close(), name_);
    });
    output_->abandon();
  }

 private:
  bool group_is_full() const {
    return group_rows_ >= options_.rows_per_group || (group_rows_ > 0 && bytes_ >= options_.group_bytes);
  }

  void start_group() {
    group_ = empty_columns(schema_);
    group_rows_ = bytes_ = 0;
  }

  /// Takes rows from `row` on until the group is full, and writes it then. Returns the first that was not
  /// taken.
  int64_t fill_group(std::span<const Column> columns, int64_t row, int64_t end) {
    const int64_t first = row;
    while (row < end && !group_is_full()) {
      for (const Column& column : columns) bytes_ += value_bytes(column, row, row + 1);
      ++row;
      ++group_rows_;
    }
    for (size_t i = 0; i < columns.size(); ++i) append_rows(group_[i], columns[i], first, row);
    rows_ += row - first;
    if (group_is_full()) write_group();
    return row;
  }

  void write_group() {
    if (group_rows_ == 0) return;
    require(writer_->NewRowGroup(), name_);
    for (const Column& column : group_) require(writer_->WriteColumnChunk(*to_array(column)), name_);
    start_group();
  }

  /// After an exception the output is closed. What the sink throws comes first: Parquet's own code throws as
  /// well, and knows less of the reason.
  template <class Action>
  void guarded(Action action) {
    try {
      action();
    } catch (const std::exception& error) {
      output_->abandon();
      output_->rethrow_failure();
      if (dynamic_cast<const Error*>(&error) != nullptr) throw;
      if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) throw;
      throw DataError(str_format("{}: {}", name_, error.what()));
    }
  }

  std::string name_;
  Schema schema_;
  TableWriterOptions options_;
  std::shared_ptr<Output> output_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::vector<Column> group_;
  int64_t group_rows_ = 0;
  int64_t bytes_ = 0;  ///< of the values of the group
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<TableWriter> make_parquet_writer(const std::string& name, const Schema& schema, ByteSink sink,
                                                 const TableWriterOptions& options) {
  return std::make_unique<ParquetWriter>(name, schema, std::move(sink), options);
}

}  // namespace echelon::table
