#include "predict/source/image_file.h"

#include "data/image/source.h"
#include "table/schema_check.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

class ImageFile final : public table::TableFile {
 public:
  ImageFile(storage::Storage& storage, std::string name) : storage_(storage), name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  const table::Schema& schema() const override {
    static const table::Schema schema{{.name = "path", .type = ColumnType::kString, .stored_as = "text"},
                                      {.name = "image", .type = ColumnType::kBinary, .stored_as = "bytes"}};
    return schema;
  }
  const std::vector<table::Block>& blocks() const override {
    static const std::vector<table::Block> one{{.rows = 1}};
    return one;
  }

  std::vector<Column> read(int64_t, std::span<const std::string> columns) const override {
    std::vector<Column> read;
    for (const std::string& column : columns) {
      read.push_back(table::empty_column(table::require_column(name_, schema(), column).type));
      table::append_text(read.back(), column == "path" ? name_ : content());
    }
    return read;
  }

 private:
  std::string content() const {
    return storage::read_all(*storage_.open(name_, storage::Access::kInPlace), data::kMaxEncodedImage);
  }

  storage::Storage& storage_;
  std::string name_;
};

}  // namespace

std::unique_ptr<table::TableFile> open_image_file(storage::Storage& storage, const std::string& name) {
  return std::make_unique<ImageFile>(storage, name);
}

}  // namespace echelon::predict
