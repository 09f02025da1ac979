#include "predict/source/tar_table.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/error.h"
#include "common/format.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/image/tar_index_file.h"
#include "table/schema_check.h"
#include "tokenizer/utf8.h"

namespace echelon::predict {
namespace {

using data::TarEntry;
using table::Column;
using table::ColumnType;
using table::Field;

constexpr const char* kKey = "key";
constexpr const char* kImage = "image";
constexpr int64_t kMaxText = int64_t{1} << 20;  // of what is looked at to be taken as text
constexpr int64_t kMaxField = int64_t{256} << 20;
static_assert(kMaxField == data::kMaxEncodedImage);

/// The content of a field of a sample.
struct FieldPlace {
  std::string_view column;
  int64_t offset, size;
};

struct Sample {
  std::string key;
  int64_t begin = 0, end = 0;  ///< of all that belongs to it
  std::vector<FieldPlace> fields{};
};

/// Bytes of a shard in memory.
struct Range {
  int64_t begin = 0;
  std::string bytes{};
};

class TarTable final : public table::TableFile {
 public:
  TarTable(std::shared_ptr<const storage::RandomAccessFile> shard, data::TarEntries& entries,
           const table::Schema& kept, int64_t block_bytes)
      : shard_(std::move(shard)) {
    index(entries);
    for (const auto& [name, type] : columns_)
      if (name != kKey && name != kImage) add_column(name, type, kept);
    for (const Field& field : kept)  // those that this shard happens not to have
      if (is_text_or_bytes(field.type) && table::find_field(schema_, field.name) == nullptr)
        schema_.push_back(field);
    cut(block_bytes);
  }

  const std::string& name() const override { return shard_->name(); }
  const table::Schema& schema() const override { return schema_; }
  const std::vector<table::Block>& blocks() const override { return blocks_; }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    const table::Block& rows = blocks_.at(static_cast<size_t>(block));
    if (rows.first_row == static_cast<int64_t>(samples_.size())) throw DataError(damage_);
    const std::span samples =
        std::span(samples_).subspan(static_cast<size_t>(rows.first_row), static_cast<size_t>(rows.rows));
    const Range range = read_range(samples, columns);
    std::vector<Column> read;
    for (const std::string& column : columns) read.push_back(column_of(samples, column, range));
    return read;
  }

 private:
  void index(data::TarEntries& entries) {
    columns_ = {{kKey, ColumnType::kString}, {kImage, ColumnType::kBinary}};
    try {
      while (const std::optional<TarEntry> entry = entries.next()) add(*entry, entries);
    } catch (const DataError& error) {
      // What the last one lacks may have been lost.
      if (!samples_.empty()) samples_.pop_back();
      if (samples_.empty()) throw;
      damage_ = error.what();
    }
    if (samples_.empty()) throw DataError(str_format("{}: the shard holds no samples", name()));
  }

  void add(const TarEntry& entry, data::TarEntries& entries) {
    const std::optional<data::FieldName> name = data::split_field(entry.name);
    if (!name) return;
    if (samples_.empty() || samples_.back().key != name->key)
      samples_.push_back({.key = std::string(name->key), .begin = entry.offset});
    Sample& sample = samples_.back();
    sample.end = entry.data_offset + entry.size;
    const auto column =
        data::is_image_field(name->field) ? columns_.find(kImage) : column_for(entry, name->field, entries);
    sample.fields.push_back({column->first, entry.data_offset, entry.size});
  }

  std::map<std::string, ColumnType>::const_iterator column_for(const TarEntry& entry,
                                                               const std::string& field,
                                                               data::TarEntries& entries) {
    if (field == kKey || field == kImage)
      throw DataError(
          str_format("{}, offset {}, key \"{}\": a field of the name .{}, which is that of a column of "
                     "all shards",
                     name(), entry.offset, samples_.back().key, field));
    const auto found = columns_.find(field);
    if (found != columns_.end()) return found;
    const bool is_text = entry.size <= kMaxText && is_utf8(entries.content(entry, kMaxText));
    return columns_.emplace(field, is_text ? ColumnType::kString : ColumnType::kBinary).first;
  }

  static bool is_text_or_bytes(ColumnType type) {
    return type == ColumnType::kString || type == ColumnType::kBinary;
  }

  static bool is_utf8(std::string_view text) { return tokenizer::first_invalid_utf8(text) == text.size(); }

  void add_column(const std::string& name, ColumnType type, const table::Schema& kept) {
    const Field* before = table::find_field(kept, name);
    if (before != nullptr && is_text_or_bytes(before->type)) type = before->type;
    schema_.push_back({.name = name, .type = type, .stored_as = "a field"});
  }

  void cut(int64_t block_bytes) {
    int64_t begin = 0;  // of the block, in the shard
    for (size_t i = 0; i < samples_.size(); ++i) {
      if (blocks_.empty() || samples_[i].end - begin > block_bytes) {
        begin = samples_[i].begin;
        blocks_.push_back({.first_row = static_cast<int64_t>(i), .rows = 0});
      }
      ++blocks_.back().rows;
    }
    if (!damage_.empty()) blocks_.push_back({.first_row = static_cast<int64_t>(samples_.size()), .rows = 1});
  }

  /// All of the samples, or nothing where little of that is asked for.
  Range read_range(std::span<const Sample> samples, std::span<const std::string> columns) const {
    int64_t wanted = 0;
    for (const Sample& sample : samples)
      for (const FieldPlace& field : sample.fields)
        if (std::ranges::find(columns, field.column) != columns.end()) wanted += field.size;
    Range range{.begin = samples.front().begin};
    const int64_t bytes = samples.back().end - range.begin;
    if (bytes > kMaxField || wanted < bytes / 2) return range;
    range.bytes.resize(static_cast<size_t>(bytes));
    shard_->read(range.begin, {reinterpret_cast<uint8_t*>(range.bytes.data()), range.bytes.size()});
    return range;
  }

  Column column_of(std::span<const Sample> samples, const std::string& name, const Range& range) const {
    const Field& field = table::require_column(this->name(), schema_, name);
    Column column = table::empty_column(field.type);
    for (const Sample& sample : samples) {
      const auto place = std::ranges::find(sample.fields, name, &FieldPlace::column);
      if (name == kKey) {
        table::append_text(column, sample.key);
      } else if (place != sample.fields.end()) {
        table::append_text(column, content(sample, *place, range));
      } else {
        table::append_text(column, "");
        column.valid.resize(static_cast<size_t>(column.rows), 1);
        column.valid.back() = 0;
      }
      if (field.type == ColumnType::kString && !is_utf8(column.text(column.rows - 1)))
        throw DataError(str_format("{}, offset {}, key \"{}\": column \"{}\" is no UTF-8", this->name(),
                                   sample.begin, sample.key, name));
    }
    return column;
  }

  std::string content(const Sample& sample, const FieldPlace& place, const Range& range) const {
    if (place.size > kMaxField)
      throw DataError(
          str_format("{}, offset {}, key \"{}\": column \"{}\" has {} bytes, of which at most {} are read",
                     name(), sample.begin, sample.key, place.column, place.size, kMaxField));
    if (!range.bytes.empty())
      return range.bytes.substr(static_cast<size_t>(place.offset - range.begin),
                                static_cast<size_t>(place.size));
    std::string bytes(static_cast<size_t>(place.size), '\0');
    shard_->read(place.offset, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
    return bytes;
  }

  std::shared_ptr<const storage::RandomAccessFile> shard_;
  std::map<std::string, ColumnType> columns_;  ///< nodes stay where they are: samples name them
  std::vector<Sample> samples_;
  std::string damage_;  ///< after the samples; empty: none
  table::Schema schema_{{.name = kKey, .type = ColumnType::kString, .stored_as = "a name"},
                        {.name = kImage, .type = ColumnType::kBinary, .stored_as = "a field"}};
  std::vector<table::Block> blocks_;
};

}  // namespace

std::unique_ptr<table::TableFile> open_tar_table(std::shared_ptr<const storage::RandomAccessFile> shard,
                                                 data::TarEntries& entries, const table::Schema& kept,
                                                 int64_t block_bytes) {
  return std::make_unique<TarTable>(std::move(shard), entries, kept, block_bytes);
}

std::unique_ptr<table::TableFile> open_tar_table(storage::Storage& storage, const std::string& name,
                                                 const table::Schema& kept) {
  auto shard = storage.open_unpacked(name);
  if (auto beside = data::find_tar_index(storage, name)) {
    data::IndexedEntries entries(*std::move(beside), name, [&] { return shard; });
    return open_tar_table(shard, entries, kept);
  }
  data::TarReader entries(*shard);
  return open_tar_table(shard, entries, kept);
}

}  // namespace echelon::predict
