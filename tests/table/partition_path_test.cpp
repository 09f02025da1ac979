#include "table/partition_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "table/memory_table.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// As Spark 3.5 and Hive 3 name them (ExternalCatalogUtils.escapePathName, FileUtils.escapePathName).
TEST(PartitionPath, EscapesWhatHiveEscapes) {
  EXPECT_EQ(partition_folder({"region", "north"}), "region=north");
  EXPECT_EQ(partition_folder({"a b", "ü x.y-z_~"}), "a b=ü x.y-z_~");
  EXPECT_EQ(partition_folder({"k=v", "1/2"}), "k%3Dv=1%2F2");
  EXPECT_EQ(partition_folder({"v", "100%"}), "v=100%25");
  EXPECT_EQ(partition_folder({"v", "\"#%'*/:=?\\{[]^\n\x7f"}),
            "v=%22%23%25%27%2A%2F%3A%3D%3F%5C%7B%5B%5D%5E%0A%7F");
  EXPECT_EQ(partition_folder({"v", {}}), "v=__HIVE_DEFAULT_PARTITION__");
  EXPECT_EQ(partition_folder({"v", ""}), "v=__HIVE_DEFAULT_PARTITION__");
}

TEST(PartitionPath, ReadsBackWhatItWrites) {
  for (const std::string& text : {std::string("a/b=c%d e"), std::string("%2F"), std::string("ü"),
                                  std::string("\x01\x7f\\"), std::string("..")}) {
    const PartitionKey key{"co=l/%", text};
    EXPECT_THAT(partition_keys("out/" + partition_folder(key) + "/x.parquet", "out"), ElementsAre(key));
  }
  const PartitionKey missing{"v", {}};
  EXPECT_THAT(partition_keys("out/" + partition_folder(missing) + "/x.parquet", "out/"),
              ElementsAre(missing));
}

TEST(PartitionPath, FoldersBelowTheRootSpeak) {
  using Keys = std::vector<PartitionKey>;
  const Keys both = {{"region", "north"}, {"day", "2024-01-31"}};
  EXPECT_EQ(partition_keys("a/region=north/day=2024-01-31/x.parquet", "a"), both);
  EXPECT_EQ(partition_keys("a/region=north/raw/day=2024-01-31/x=1.parquet", "a/"), both);
  EXPECT_EQ(partition_keys("s3://b/a=1/region=north/day=2024-01-31/x", "s3://b/a=1"), both);
  EXPECT_EQ(partition_keys("region=north/day=2024-01-31/x", ""), both);
  EXPECT_EQ(partition_keys("/region=north/day=2024-01-31/x", "/"), both);
  EXPECT_EQ(partition_keys("a/=1/x/y.csv", "a"), Keys());
  EXPECT_EQ(partition_keys("a/v=%2G%/w=/y.csv", "a"), (Keys{{"v", "%2G%"}, {"w", ""}}));
  EXPECT_EQ(partition_keys("a/v=%c3%bc%2f/y.csv", "a"), (Keys{{"v", "ü/"}}));
}

TEST(PartitionPath, RefusesWhatContradictsItself) {
  const auto refusal = [](const char* path, const char* root) {
    try {
      partition_keys(path, root);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("ab/v=1/x", "a"), "ab/v=1/x is not below a");
  EXPECT_THAT(refusal("a/v=1/v=2/x", "a"), HasSubstr("a/v=1/v=2/x: two of its folders say what \"v\" is"));
}

TEST(PartitionPath, ValuesOfEveryType) {
  Column flags{.type = ColumnType::kBool, .rows = 2, .bools = {1, 0}};
  EXPECT_EQ(partition_value(flags, 0), "true");
  EXPECT_EQ(partition_value(flags, 1), "false");
  EXPECT_EQ(partition_value(integers({-7}), 0), "-7");
  EXPECT_EQ(partition_value(integers({0}, {0}), 0), std::nullopt);
  EXPECT_EQ(partition_value(texts({"007"}), 0), "007");
  Column days = integers({86'400'000'000});
  days.type = ColumnType::kTimestamp;
  EXPECT_EQ(partition_value(days, 0), "1970-01-02");
  EXPECT_FALSE(can_partition(ColumnType::kFloat64));
  EXPECT_FALSE(can_partition(ColumnType::kList));
  EXPECT_FALSE(can_partition(ColumnType::kBinary));
}

}  // namespace
}  // namespace echelon::table
