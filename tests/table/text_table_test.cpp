#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/format.h"
#include "storage/support/memory_store.h"
#include "table/table_file.h"

namespace echelon::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TextTableTest : public testing::Test {
 protected:
  std::unique_ptr<TableFile> open(const std::string& name, const std::string& text,
                                  const TableOptions& options = {}) {
    return open_table(std::make_shared<storage::MemoryFile>(name, text), options);
  }

  std::string refusal(const std::string& name, const std::string& text, const TableOptions& options = {}) {
    try {
      const auto file = open(name, text, options);
      std::vector<std::string> columns;
      for (const Field& field : file->schema()) columns.push_back(field.name);
      for (size_t block = 0; block < file->blocks().size(); ++block)
        file->read(static_cast<int64_t>(block), columns);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  static Column column(const TableFile& file, const std::string& name, int64_t block = 0) {
    return file.read(block, std::vector{name})[0];
  }

  static std::vector<std::string> texts(const Column& column) {
    std::vector<std::string> result;
    for (int64_t row = 0; row < column.rows; ++row)
      result.emplace_back(column.is_valid(row) ? column.text(row) : "-");
    return result;
  }

  static std::string types(const TableFile& file) {
    std::string result;
    for (const Field& field : file.schema())
      result += str_format("{}:{} ", field.name, type_name(field.type));
    return result;
  }
};

TEST_F(TextTableTest, ReadsCsv) {
  const auto file = open("x.csv",
                         "\xef\xbb\xbfid,share,name,member,since,none\r\n"
                         "1,0.5,\"Grün, \"\"A\"\"\nB\",true,2024-02-28,\r\n"
                         "2,NA,,false,2024-02-29,\r\n"
                         "\r\n"
                         "3,1e3,5\" disk,true,,\r\n");
  EXPECT_EQ(types(*file), "id:int64 share:float64 name:string member:bool since:timestamp none:string ");
  EXPECT_EQ(file->rows(), 3);
  EXPECT_THAT(column(*file, "id").integers, ElementsAre(1, 2, 3));
  EXPECT_THAT(column(*file, "share").doubles, ElementsAre(0.5, 0, 1000));
  EXPECT_THAT(column(*file, "share").valid, ElementsAre(1, 0, 1));
  EXPECT_THAT(texts(column(*file, "name")), ElementsAre("Gr\xc3\xbcn, \"A\"\nB", "-", "5\" disk"));
  EXPECT_THAT(column(*file, "member").bools, ElementsAre(1, 0, 1));
  EXPECT_THAT(column(*file, "since").integers, ElementsAre(1709078400000000, 1709164800000000, 0));
  EXPECT_EQ(column(*file, "none").missing(), 3);
}

TEST_F(TextTableTest, TakesTypesDelimitersAndNames) {
  EXPECT_THAT(texts(column(*open("x.tsv", "a\tb\n1,5\tx\n"), "a")), ElementsAre("1,5"));
  const auto semicolons = open("x.csv", "1;2\n3;4\n",
                               {.types = {{"a", ColumnType::kFloat64}, {"b", ColumnType::kString}},
                                .delimiter = ';',
                                .header = false,
                                .column_names = {"a", "b"}});
  EXPECT_THAT(column(*semicolons, "a").doubles, ElementsAre(1, 3));
  EXPECT_THAT(texts(column(*semicolons, "b")), ElementsAre("2", "4"));
  const auto renamed = open("x.csv", "a,b\n1,2\n", {.column_names = {"x", "y"}});
  EXPECT_THAT(column(*renamed, "y").integers, ElementsAre(2));
  const auto coded = open("x.csv", "a\n-1\n7\n", {.missing = {"-1"}});
  EXPECT_THAT(column(*coded, "a").valid, ElementsAre(0, 1));
}

TEST_F(TextTableTest, ReadsBlocksInAnyOrder) {
  std::string csv = "n,text\n", lines;
  for (int i = 0; i < 1000; ++i) {
    csv += str_format("{},\"row\n{}\"\n", i, i);
    lines += str_format("{{\"n\": {}, \"text\": \"row\\n{}\"}}\n", i, i);
  }
  const TableOptions options{.block_bytes = 700};
  for (const auto& file : {open("x.csv", csv, options), open("x.jsonl", lines, options)}) {
    EXPECT_EQ(file->rows(), 1000);
    ASSERT_GT(file->blocks().size(), 10u);
    for (size_t block = file->blocks().size(); block-- > 0;) {
      const Block place = file->blocks()[block];
      const auto columns = file->read(static_cast<int64_t>(block), std::vector<std::string>{"text", "n"});
      for (int64_t i = 0; i < place.rows; ++i) {
        EXPECT_EQ(columns[1].integers[static_cast<size_t>(i)], place.first_row + i);
        EXPECT_EQ(columns[0].text(i), str_format("row\n{}", place.first_row + i));
      }
    }
  }
}

TEST_F(TextTableTest, ReadsJsonLines) {
  const auto file = open(
      "x.jsonl",
      R"({"text": "a\u00fc\n", "n": 1, "meta": {"score": 0.5, "tags": [1, 2]}, "none": null, "t": "2024-02-28"})"
      "\n\n"
      R"({"n": null, "text": "", "meta": {"score": 2}, "more": true})"
      "\n"
      R"({"text": null, "meta": null, "n": -3})");
  EXPECT_EQ(types(*file),
            "text:string n:int64 meta.score:float64 meta.tags:list none:string t:timestamp more:bool ");
  EXPECT_EQ(file->rows(), 3);
  EXPECT_THAT(texts(column(*file, "text")), ElementsAre("a\xc3\xbc\n", "", "-"));
  EXPECT_THAT(column(*file, "n").integers, ElementsAre(1, 0, -3));
  EXPECT_THAT(column(*file, "n").valid, ElementsAre(1, 0, 1));
  EXPECT_THAT(column(*file, "meta.score").doubles, ElementsAre(0.5, 2, 0));
  EXPECT_THAT(column(*file, "meta.tags").offsets, ElementsAre(0, 2, 2, 2));
  EXPECT_THAT(column(*file, "meta.tags").items[0].integers, ElementsAre(1, 2));
  EXPECT_EQ(column(*file, "none").missing(), 3);
}

TEST_F(TextTableTest, NamesTheLineOfAnError) {
  EXPECT_THAT(refusal("x.csv", "a,b\n1,2\n3\n"),
              AllOf(HasSubstr("x.csv, at line 3: "), HasSubstr("Expected 2 columns")));
  EXPECT_THAT(refusal("x.csv", "a,b\n\"1\n\",2\n\n3,4,5\n"), HasSubstr("x.csv, at line 5: "));
  EXPECT_THAT(refusal("x.csv", "a\nx\nb\xff\n"), AllOf(HasSubstr("x.csv, at line 3: "), HasSubstr("UTF8")));
  std::string late = "a,b\n";
  for (int i = 0; i < 100; ++i) late += "1,2\n";
  EXPECT_THAT(refusal("x.csv", late + "1.5,2\n", {.block_bytes = 100}),
              AllOf(HasSubstr("at line 102: "), HasSubstr("int64"), HasSubstr("1.5")));
  EXPECT_THAT(refusal("x.csv", "a\n1\n2\nthree\n", {.types = {{"a", ColumnType::kInt64}}}),
              AllOf(HasSubstr("at line 4: "), HasSubstr("three")));

  EXPECT_THAT(refusal("x.jsonl", "{\"a\": 1}\n\n{\"a\": 2\n"), HasSubstr("x.jsonl, at line 3: "));
  EXPECT_THAT(refusal("x.jsonl", "{\"a\": 1}\n{\"a\": \"x\"}\n"), HasSubstr("x.jsonl, at line 2: "));
  EXPECT_THAT(refusal("x.jsonl", "{\"a\": 1}\n[1]\n"), HasSubstr("x.jsonl, at line 2: "));
  EXPECT_THAT(refusal("x.jsonl", "{\"a\": \"x\"}\n\n{\"a\": \"\xff\"}\n"),
              AllOf(HasSubstr("x.jsonl, at line 3: column \"a\""), HasSubstr("UTF-8")));
}

TEST_F(TextTableTest, RefusesWhatIsNoTable) {
  EXPECT_THAT(refusal("x.csv", ""), HasSubstr("x.csv is empty"));
  EXPECT_THAT(refusal("x.csv", "a,b\n"), HasSubstr("holds no rows"));
  EXPECT_THAT(refusal("x.csv", "\n\n"), HasSubstr("holds no rows"));
  EXPECT_THAT(refusal("x.csv", "a,a\n1,2\n"), HasSubstr("two columns are named \"a\""));
  EXPECT_THAT(refusal("x.csv", "1,2\n", {.header = false}), HasSubstr("names of the columns"));
  EXPECT_THAT(refusal("x.csv", "a,b\n1,2\n", {.types = {{"c", ColumnType::kInt64}}}),
              HasSubstr("no column \"c\""));
  EXPECT_THAT(refusal("x.parquet", "a,b\n1,2\n"), HasSubstr("x.parquet"));
  EXPECT_THAT(refusal("x.jsonl", std::string(1000, '[') + "\n"), HasSubstr("x.jsonl"));
  EXPECT_THAT(refusal("x.jsonl", "{\"a\":" + std::string(1'000'000, '[') + "\n"), HasSubstr("x.jsonl"));
}

}  // namespace
}  // namespace echelon::table
