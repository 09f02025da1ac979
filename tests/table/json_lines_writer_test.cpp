#include "table/json_lines_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/error.h"
#include "storage/support/memory_store.h"
#include "table/every_type.h"
#include "table/expect_columns.h"
#include "table/memory_table.h"
#include "table/table_file.h"

namespace echelon::table {
namespace {

using testing::HasSubstr;

std::string written(const Schema& schema, const std::vector<std::vector<Column>>& batches) {
  std::string content;
  const auto sink = [&](std::span<const std::byte> bytes) {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto writer = open_table_writer("x.jsonl", schema, sink, {.format = TableFormat::kJsonLines});
  for (const auto& batch : batches) writer->append(batch);
  writer->close();
  return content;
}

std::string refusal(const Schema& schema, const std::vector<Column>& columns) {
  try {
    written(schema, {columns});
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(JsonLinesWriter, WritesALineARow) {
  EXPECT_EQ(
      written(kEveryType, {every_type(2, 4)}),
      R"({"flag":false,"count":2000000000000,"ratio":0.25,"value":0.6666666666666666,"name":"nämenäme",)"
      R"("image.bytes":"AgD/","when":"1969-12-31T23:59:01.999942Z","vector":[1.0,1.5],"words":["2-0",null]})"
      "\n"
      R"({"flag":true,"count":null,"ratio":0.375,"value":1.0,"name":"nämenämenäme","image.bytes":"AwD/",)"
      R"("when":"1969-12-31T23:59:02.999943Z","vector":[1.5,2.0,null],"words":["3-0",null,"3-2"]})"
      "\n");
}

TEST(JsonLinesWriter, OurReaderGivesTheSameColumns) {
  const std::string content = written(kEveryType, {every_type(0, 100)});
  const auto file =
      open_table(std::make_shared<storage::MemoryFile>("x.jsonl", content),
                 {.types = {{"when", ColumnType::kTimestamp}, {"ratio", ColumnType::kFloat32}}});
  const auto expected = every_type(0, 100);
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string& name = kEveryType[i].name;
    if (name == "image.bytes" || name == "vector") continue;  // text, and lists of float64
    SCOPED_TRACE(name);
    expect_same_column(file->read(0, std::vector{name})[0], expected[i]);
  }
  const Column vector = file->read(0, std::vector<std::string>{"vector"})[0];
  EXPECT_EQ(vector.offsets, expected[7].offsets);
  EXPECT_EQ(std::vector<float>(vector.items[0].doubles.begin(), vector.items[0].doubles.end()),
            expected[7].items[0].floats);
}

TEST(JsonLinesWriter, FloatsStayFloatsAndWhatIsNotFiniteIsNull) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(written({{.name = "x", .type = ColumnType::kFloat64}},
                    {{doubles({1, -0.0, 1e300, 5e-324, 0.1, 1e15, std::nan(""), infinity, -infinity})}}),
            "{\"x\":1.0}\n{\"x\":-0.0}\n{\"x\":1e+300}\n{\"x\":5e-324}\n{\"x\":0.1}\n{\"x\":1e+15}\n"
            "{\"x\":null}\n{\"x\":null}\n{\"x\":null}\n");
}

// RFC 4648, section 10.
TEST(JsonLinesWriter, BytesAreBase64) {
  Column bytes = texts({"", "f", "fo", "foo", "foob", "fooba", "foobar"});
  bytes.type = ColumnType::kBinary;
  EXPECT_EQ(written({{.name = "b", .type = ColumnType::kBinary}}, {{bytes}}),
            "{\"b\":\"\"}\n{\"b\":\"Zg==\"}\n{\"b\":\"Zm8=\"}\n{\"b\":\"Zm9v\"}\n{\"b\":\"Zm9vYg==\"}\n"
            "{\"b\":\"Zm9vYmE=\"}\n{\"b\":\"Zm9vYmFy\"}\n");
}

TEST(JsonLinesWriter, TextIsEscaped) {
  const Schema schema = {{.name = "a \"b\"", .type = ColumnType::kString}};
  EXPECT_EQ(written(schema, {{texts({"\"\\\n\t\x01/ü"})}}),
            "{\"a \\\"b\\\"\":\"\\\"\\\\\\n\\t\\u0001/ü\"}\n");
}

TEST(JsonLinesWriter, BytesDoNotDependOnBatches) {
  std::vector<std::vector<Column>> batches;
  for (int64_t row = 0; row < 100; row += 7)
    batches.push_back(every_type(row, std::min<int64_t>(row + 7, 100)));
  EXPECT_EQ(written(kEveryType, batches), written(kEveryType, {every_type(0, 100)}));
}

TEST(JsonLinesWriter, RefusesWhatJsonCannotSay) {
  EXPECT_THAT(refusal({{.name = "t", .type = ColumnType::kString}}, {texts({"good",
                                                                            "b\xff"
                                                                            "d"})}),
              HasSubstr("x.jsonl: row 1, column \"t\": it is not valid UTF-8"));
  Column when = integers({0, std::numeric_limits<int64_t>::max()});
  when.type = ColumnType::kTimestamp;
  EXPECT_THAT(refusal({{.name = "when", .type = ColumnType::kTimestamp}}, {when}),
              HasSubstr("x.jsonl: row 1, column \"when\": 9223372036854775807 microseconds"));
  EXPECT_THAT(refusal({{.name = "b\xff", .type = ColumnType::kString}}, {texts({"a"})}),
              HasSubstr("column 0"));
}

}  // namespace
}  // namespace echelon::table
