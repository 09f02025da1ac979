#include "predict/output/batch_record.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using table::ColumnType;
using testing::HasSubstr;

BatchRecord example(int64_t number = 1) {
  return {
      .number = number,
      .model_path = "runs/a",
      .model_digest = "22b18b6269e1d549e64f8cb395a6deaa",
      .model_version = "spring",
      .settings = "mode: once\n",
      .kept = table::Schema{{.name = "age", .type = ColumnType::kFloat64},
                            {.name = "tags", .type = ColumnType::kList, .item_type = ColumnType::kString}},
      .inputs = {{"a.parquet", 12, "v1"}},
      .counts = {{"rows", 3}, {"errors", 1}},
      .files = {{"predictions/region=a%2Fb/part-00001-00000.parquet",
                 98,
                 "99aa06d3014798d86001c324468d497f",
                 {{"rows", 3}}}}};
}

TEST(BatchRecord, ComesBackAsItWas) {
  const std::string text = render_record(example());
  const BatchRecord read = parse_record(text, "1.json");
  EXPECT_EQ(render_record(read), text);
  EXPECT_EQ(read.model_version, "spring");
  EXPECT_EQ(read.kept->at(1).type, ColumnType::kList);
  EXPECT_EQ(read.kept->at(1).item_type, ColumnType::kString);
  EXPECT_EQ(read.inputs[0].version, "v1");
  EXPECT_EQ(read.files[0].counts.at("rows"), 3);
}

TEST(BatchRecord, MaySayThatNoColumnsWereChosenYet) {
  BatchRecord record = example();
  record.kept = std::nullopt;
  EXPECT_FALSE(parse_record(render_record(record), "1.json").kept.has_value());
  record.kept = table::Schema();
  EXPECT_TRUE(parse_record(render_record(record), "1.json").kept.value().empty());
}

TEST(BatchRecord, DamageIsNamed) {
  const std::string text = render_record(example());
  for (size_t length = 0; length + 2 < text.size(); ++length) {
    try {
      parse_record(text.substr(0, length), "out/manifest/1.json");
      ADD_FAILURE() << length;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("out/manifest/1.json is damaged")) << length;
    }
  }
}

TEST(BatchRecord, AMissingOneIsNoticed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(read_records(folder.path()).empty());
  for (const int64_t number : {1, 2, 3}) write_record(folder.path(), example(number));
  EXPECT_EQ(read_records(folder.path()).size(), 3);
  fs::remove(record_path(folder.path(), 2));
  EXPECT_THROW(read_records(folder.path()), DataError);
}

}  // namespace
}  // namespace echelon::predict
