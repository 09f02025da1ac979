#include "predict/source/open_source.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "common/file.h"
#include "predict/source/image_paths.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using table::ColumnType;
using testing::ElementsAre;
using testing::HasSubstr;

class OpenSource : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    write_file_atomically(folder_ / name, content);
    return (folder_ / name).string();
  }

  std::unique_ptr<table::TableFile> open(const std::string& name) {
    return open_source(name, settings_, {}, storage_);
  }

  std::string value(const table::TableFile& file, const std::string& column, int64_t row = 0) {
    const std::vector<std::string> columns{column};
    return std::string(file.read(0, columns)[0].text(row));
  }

  std::vector<std::string> expand(const std::string& pattern) {
    std::vector<std::string> names;
    for (const std::string& name : expand_source(pattern, storage_))
      names.push_back(fs::path(name).lexically_relative(folder_.path()).string());
    return names;
  }

  TemporaryFolder folder_;
  PredictSettings settings_;
  storage::Storage storage_;
};

TEST_F(OpenSource, AFolderStandsForItsImages) {
  for (const char* name : {"in/b.jpg", "in/sub/c.PNG", "in/sub/deep/d.webp", "in/a.jpeg", "in/notes.txt"})
    write(name, "x");
  EXPECT_THAT(expand((folder_ / "in").string()),
              ElementsAre("in/a.jpeg", "in/b.jpg", "in/sub/c.PNG", "in/sub/deep/d.webp"));
  EXPECT_EQ(expand((folder_ / "in/").string()).size(), 4u);
  EXPECT_THAT(expand((folder_ / "in/*.txt").string()), ElementsAre("in/notes.txt"));
  EXPECT_THAT(expand((folder_ / "in/b.jpg").string()), ElementsAre("in/b.jpg"));
  fs::create_directories(folder_ / "empty");
  EXPECT_THROW(expand((folder_ / "empty").string()), DataError);
}

TEST_F(OpenSource, AnImageIsARow) {
  const std::string name = write("a.JPG", "bytes");
  const auto file = open(name);
  EXPECT_EQ(file->rows(), 1);
  EXPECT_EQ(value(*file, "path"), name);
  EXPECT_EQ(value(*file, "image"), "bytes");
  EXPECT_EQ(table::find_field(file->schema(), "image")->type, ColumnType::kBinary);
}

TEST_F(OpenSource, AnImageThatIsGoneIsFoundMissingWhenItIsRead) {
  const auto file = open((folder_ / "gone.png").string());
  EXPECT_EQ(value(*file, "path"), (folder_ / "gone.png").string());
  EXPECT_THROW(value(*file, "image"), DataError);
}

TEST_F(OpenSource, TextIsOfLinesOrPaths) {
  const std::string name = write("list.txt", "a.jpg\n/b.jpg\ns3://c/d.jpg\n\nsub/e.jpg\n");
  EXPECT_EQ(value(*open(name), "text", 0), "a.jpg");
  settings_.source.format = SourceFormat::kPaths;
  const auto file = open(name);
  EXPECT_EQ(file->rows(), 5);
  EXPECT_EQ(value(*file, "path", 0), (folder_ / "a.jpg").string());
  EXPECT_EQ(value(*file, "path", 1), "/b.jpg");
  EXPECT_EQ(value(*file, "path", 2), "s3://c/d.jpg");
  EXPECT_EQ(value(*file, "path", 3), "");
  EXPECT_EQ(value(*file, "path", 4), (folder_ / "sub/e.jpg").string());
  EXPECT_EQ(image_column(settings_), "path");
}

/// One row, in columns of text or bytes.
class OneRow final : public table::TableFile {
 public:
  OneRow(std::string name, table::Schema schema) : name_(std::move(name)), schema_(std::move(schema)) {}
  const std::string& name() const override { return name_; }
  const table::Schema& schema() const override { return schema_; }
  const std::vector<table::Block>& blocks() const override { return blocks_; }
  std::vector<table::Column> read(int64_t, std::span<const std::string> columns) const override {
    std::vector<table::Column> read;
    for (const std::string& column : columns) {
      read.push_back(table::empty_column(table::find_field(schema_, column)->type));
      table::append_text(read.back(), column);
    }
    return read;
  }

 private:
  std::string name_;
  table::Schema schema_;
  std::vector<table::Block> blocks_{{.rows = 1}};
};

TEST_F(OpenSource, ImagesOfATableAreBytesMembersOrPaths) {
  const auto images = [](const std::string& name, const table::Schema& schema) {
    return with_image_paths(std::make_unique<OneRow>(name, schema), "image");
  };
  const auto bytes = images("t/x.parquet", {{.name = "image", .type = ColumnType::kBinary}});
  EXPECT_EQ(value(*bytes, "image"), "image");
  const auto members = images("t/x.parquet", {{.name = "image.bytes", .type = ColumnType::kBinary}});
  EXPECT_THAT(table::names_of(members->schema()), ElementsAre("image.bytes", "image"));
  EXPECT_EQ(value(*members, "image"), "image.bytes");
  EXPECT_EQ(value(*members, "image.bytes"), "image.bytes");
  const table::Schema text{{.name = "image", .type = ColumnType::kString}};
  EXPECT_EQ(value(*images("t/x.parquet", text), "image"), "t/image");
  EXPECT_EQ(value(*images("x.parquet", text), "image"), "image");
  EXPECT_EQ(value(*images("s3://b/t/x.parquet?region=r", text), "image"), "s3://b/t/image?region=r");
}

}  // namespace
}  // namespace echelon::predict
