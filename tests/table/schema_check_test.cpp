#include "table/schema_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "table/memory_table.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Schema kSchema = {
    {.name = "age", .type = ColumnType::kInt64, .stored_as = "int32"},
    {.name = "name", .type = ColumnType::kString, .stored_as = "string"},
    {.name = "image.bytes", .type = ColumnType::kBinary, .stored_as = "binary"},
    {.name = "tokens",
     .type = ColumnType::kList,
     .item_type = ColumnType::kInt64,
     .stored_as = "list<int32>"},
    {.name = "pairs", .type = ColumnType::kUnsupported, .stored_as = "map<string, int32>"}};

std::vector<std::string> problems(const std::vector<WantedColumn>& wanted) {
  return column_problems("a.parquet", kSchema, wanted);
}

TEST(SchemaCheck, PassesWhatFits) {
  EXPECT_THAT(problems({{"age"},
                        {"age", Need::kNumber},
                        {"age", Need::kCategory},
                        {"name", Need::kCategory},
                        {"name", Need::kText},
                        {"image.bytes", Need::kBytes},
                        {"tokens", Need::kNumberLists},
                        same_as(kSchema[3])}),
              IsEmpty());
  EXPECT_NO_THROW(require_columns("a.parquet", kSchema, {}));
}

TEST(SchemaCheck, NamesAllThatDoesNotFit) {
  EXPECT_THAT(
      problems({{"aeg", Need::kNumber},
                {"price"},
                {"name", Need::kNumber},
                {"age", Need::kText},
                {"pairs"},
                {"age", Need::kNumberLists},
                {"tokens", Need::kExactly, ColumnType::kList, ColumnType::kFloat32}}),
      ElementsAre(
          "a.parquet has no column \"aeg\"; did you mean \"age\"?",
          "a.parquet has no column \"price\"; there are age, name, image.bytes, tokens, pairs",
          "a.parquet: column \"name\" holds string; needed: numbers",
          "a.parquet: column \"age\" holds int64 (stored as int32); needed: text",
          "a.parquet: column \"pairs\" holds unsupported (stored as map<string, int32>); needed: a type that "
          "can be read",
          "a.parquet: column \"age\" holds int64 (stored as int32); needed: lists of numbers",
          "a.parquet: column \"tokens\" holds lists of int64 (stored as list<int32>); needed: lists of "
          "float32"));
}

TEST(SchemaCheck, ThrowsAllTogether) {
  const std::vector<WantedColumn> wanted = {{"nmae"}, {"name", Need::kNumber}};
  try {
    require_columns("a.csv", kSchema, wanted, "; set data.types");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "a.csv has no column \"nmae\"; did you mean \"name\"?\n"
                 "a.csv: column \"name\" holds string; needed: numbers; set data.types");
  }
}

TEST(SchemaCheck, NamesAndRows) {
  EXPECT_THROW(require_distinct_names("x", {kSchema[0], kSchema[1], kSchema[0]}), DataError);
  EXPECT_NO_THROW(require_distinct_names("x", kSchema));
  EXPECT_EQ(&require_column("x", kSchema, "name"), &kSchema[1]);
  const Schema two = {kSchema[0], kSchema[1]};
  const std::vector<Column> columns = {integers({1, 2}), texts({"a", "b"})};
  EXPECT_NO_THROW(require_fit("x", two, columns, 0, 2));
  EXPECT_THROW(require_fit("x", two, columns, 0, 3), InternalError);
  EXPECT_THROW(require_fit("x", two, columns, 2, 1), InternalError);
  EXPECT_THROW(require_fit("x", {kSchema[1], kSchema[0]}, columns, 0, 2), InternalError);
  EXPECT_THROW(require_fit("x", {kSchema[0]}, columns, 0, 2), InternalError);
}

}  // namespace
}  // namespace echelon::table
