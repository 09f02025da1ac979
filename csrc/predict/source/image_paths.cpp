#include "predict/source/image_paths.h"

#include <algorithm>

#include "storage/location.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

/// Passes on what another has.
class OtherTable : public table::TableFile {
 public:
  explicit OtherTable(std::unique_ptr<table::TableFile> file) : file_(std::move(file)) {}
  const std::string& name() const override { return file_->name(); }
  const table::Schema& schema() const override { return file_->schema(); }
  bool stores_types() const override { return file_->stores_types(); }
  const std::vector<table::Block>& blocks() const override { return file_->blocks(); }
  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    return file_->read(block, columns);
  }

 private:
  std::unique_ptr<table::TableFile> file_;
};

class WithSecondName final : public OtherTable {
 public:
  WithSecondName(std::unique_ptr<table::TableFile> file, std::string column, const std::string& other)
      : OtherTable(std::move(file)),
        column_(std::move(column)),
        other_(other),
        schema_(OtherTable::schema()) {
    schema_.push_back(*table::find_field(schema_, other_));
    schema_.back().name = column_;
  }

  const table::Schema& schema() const override { return schema_; }
  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    std::vector<std::string> names(columns.begin(), columns.end());
    std::ranges::replace(names, column_, other_);
    return OtherTable::read(block, names);
  }

 private:
  std::string column_, other_;
  table::Schema schema_;
};

class WithPaths final : public OtherTable {
 public:
  WithPaths(std::unique_ptr<table::TableFile> file, std::string column)
      : OtherTable(std::move(file)), column_(std::move(column)), place_(storage::parse_location(name())) {
    place_.path.resize(place_.path.rfind('/') + 1);  // of npos: nothing is left
  }

  std::vector<Column> read(int64_t block, std::span<const std::string> columns) const override {
    std::vector<Column> read = OtherTable::read(block, columns);
    for (size_t i = 0; i < columns.size(); ++i)
      if (columns[i] == column_) read[i] = resolved(read[i]);
    return read;
  }

 private:
  Column resolved(const Column& paths) const {
    Column result = table::empty_column(ColumnType::kString);
    for (int64_t row = 0; row < paths.rows; ++row) table::append_text(result, resolved(paths.text(row)));
    result.valid = paths.valid;
    return result;
  }

  std::string resolved(std::string_view path) const {
    if (path.empty() || path.starts_with('/') || storage::is_remote(path)) return std::string(path);
    return place_.with_path(place_.path + std::string(path)).text();
  }

  std::string column_;
  storage::Location place_;  ///< of the folder, with its slash
};

}  // namespace

std::unique_ptr<table::TableFile> with_image_paths(std::unique_ptr<table::TableFile> file,
                                                   const std::string& column) {
  const table::Field* field = table::find_field(file->schema(), column);
  if (field != nullptr) {
    if (field->type != ColumnType::kString) return file;
    return std::make_unique<WithPaths>(std::move(file), column);
  }
  const std::string member = column + ".bytes";
  const table::Field* bytes = table::find_field(file->schema(), member);
  if (bytes == nullptr || bytes->type != ColumnType::kBinary) return file;
  return std::make_unique<WithSecondName>(std::move(file), column, member);
}

}  // namespace echelon::predict
