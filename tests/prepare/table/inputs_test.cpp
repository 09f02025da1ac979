#include "prepare/table/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"

namespace echelon::prepare {
namespace {

using table::ColumnType;
using table::Field;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

InputTable table_of(const std::string& name, const table::Schema& schema) {
  InputTable table{.file = {.name = name}, .schema = schema, .stores_types = name.ends_with(".parquet")};
  for (Field& field : table.schema) field.stored_as = type_name(field.type);
  return table;
}

Field field(const std::string& name, ColumnType type, ColumnType item = ColumnType::kUnsupported) {
  return {.name = name, .type = type, .item_type = item};
}

std::string refusal(std::vector<InputTable> tables, const TablePreparation& settings = {}) {
  try {
    agree_on_columns(settings, tables);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> described(const table::Schema& schema) {
  std::vector<std::string> texts;
  for (const Field& field : schema) texts.push_back(field.name + ":" + std::string(type_name(field.type)));
  return texts;
}

TEST(TableInputs, ColumnsAreThoseOfTheFirstFileOrThoseAskedFor) {
  std::vector<InputTable> tables = {
      table_of("a.csv", {field("x", ColumnType::kInt64), field("y", ColumnType::kString)}),
      table_of("b.csv", {field("y", ColumnType::kString), field("x", ColumnType::kInt64)})};
  EXPECT_THAT(described(agree_on_columns({}, tables)), ElementsAre("x:int64", "y:string"));
  TablePreparation some;
  some.columns = {"y"};
  tables[1] = table_of("b.csv", {field("z", ColumnType::kBool), field("y", ColumnType::kString)});
  EXPECT_THAT(described(agree_on_columns(some, tables)), ElementsAre("y:string"));
  EXPECT_THAT(tables[1].types, IsEmpty());
}

TEST(TableInputs, ColumnsThatFilesDoNotShareAreNamed) {
  const InputTable first =
      table_of("a.csv", {field("area", ColumnType::kInt64), field("rent", ColumnType::kInt64)});
  EXPECT_THAT(refusal({first, table_of("b.csv", {field("area", ColumnType::kInt64)})}),
              AllOf(HasSubstr("b.csv has no column \"rent\", which a.csv has"), HasSubstr("there are area")));
  EXPECT_THAT(refusal({first, table_of("b.csv", {field("area", ColumnType::kInt64),
                                                 field("rents", ColumnType::kInt64)})}),
              HasSubstr("did you mean \"rents\"?"));
  EXPECT_THAT(
      refusal({table_of("a.csv", {field("area", ColumnType::kInt64)}), first}),
      AllOf(HasSubstr("a.csv has a column \"rent\", which a.csv has not"), HasSubstr("under columns")));
  TablePreparation some;
  some.columns = {"aera"};
  EXPECT_THAT(refusal({first}, some), HasSubstr("a.csv has no column \"aera\"; did you mean \"area\"?"));
}

TEST(TableInputs, ParquetSaysWhatTextIsReadAs) {
  const Field wanted = field("x", ColumnType::kFloat32);
  for (const ColumnType inferred : {ColumnType::kInt64, ColumnType::kFloat64, ColumnType::kString}) {
    std::vector<InputTable> tables = {table_of("a.csv", {field("x", inferred)}),
                                      table_of("b.parquet", {wanted})};
    EXPECT_THAT(described(agree_on_columns({}, tables)), ElementsAre("x:float32"));
    EXPECT_THAT(tables[0].types, ElementsAre(Pair("x", ColumnType::kFloat32)));
    EXPECT_THAT(tables[1].types, IsEmpty());
  }
  // Codes that look like numbers.
  std::vector<InputTable> codes = {table_of("a.csv", {field("x", ColumnType::kInt64)}),
                                   table_of("b.parquet", {field("x", ColumnType::kString)})};
  EXPECT_THAT(described(agree_on_columns({}, codes)), ElementsAre("x:string"));
  EXPECT_THAT(
      refusal({table_of("a.csv", {field("x", ColumnType::kTimestamp)}), table_of("b.parquet", {wanted})}),
      HasSubstr("a.csv: column \"x\" holds timestamp; b.parquet has float32; say under types"));
}

TEST(TableInputs, WholeNumbersMayBeReadAsOthersHaveThem) {
  const auto with = [](ColumnType type) { return table_of("a.csv", {field("x", type)}); };
  std::vector<InputTable> tables = {with(ColumnType::kFloat64), with(ColumnType::kInt64)};
  agree_on_columns({}, tables);
  EXPECT_THAT(tables[1].types, ElementsAre(Pair("x", ColumnType::kFloat64)));
  EXPECT_THAT(refusal({with(ColumnType::kInt64), with(ColumnType::kFloat64)}), HasSubstr("holds float64"));
  // It may be that the first has no value at all, and was taken for text.
  EXPECT_THAT(refusal({with(ColumnType::kString), with(ColumnType::kInt64)}), HasSubstr("say under types"));
}

TEST(TableInputs, ParquetIsOfOneType) {
  const auto with = [](const std::string& name, const Field& field) { return table_of(name, {field}); };
  EXPECT_THAT(refusal({with("a.parquet", field("x", ColumnType::kInt64)),
                       with("b.parquet", field("x", ColumnType::kFloat64))}),
              HasSubstr("b.parquet: column \"x\" holds float64; a.parquet has int64"));
  EXPECT_THAT(refusal({with("a.parquet", field("x", ColumnType::kList, ColumnType::kInt64)),
                       with("b.parquet", field("x", ColumnType::kList, ColumnType::kFloat32))}),
              HasSubstr("holds lists of float32; a.parquet has lists of int64"));
  TablePreparation settings;
  settings.types = {{"x", "text"}};
  EXPECT_THAT(refusal({with("a.parquet", field("x", ColumnType::kInt64))}, settings),
              HasSubstr("a.parquet: column \"x\" holds int64; types has string"));
  EXPECT_THAT(refusal({with("a.parquet", field("x", ColumnType::kUnsupported))}),
              HasSubstr("a.parquet: column \"x\" of type unsupported cannot be written"));
}

}  // namespace
}  // namespace echelon::prepare
