#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "storage/local_file.h"
#include "storage/support/memory_store.h"
#include "table/table_file.h"

// golden/make_tables.py wrote the files with pyarrow; row i follows from i by the formulas there and here.
namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kDay = 86'400'000'000;
constexpr int64_t kStart = 1709121600;  // date -u -d '2024-02-28 12:00' +%s

std::unique_ptr<TableFile> open_golden(const std::string& name, const TableOptions& options = {}) {
  return open_table(
      std::make_shared<storage::InputFile>(str_format("{}/tests/table/golden/{}", ECHELON_SOURCE_DIR, name)),
      options);
}

/// Column `name` of row `row`, read from the block that has it.
struct Cell {
  Column column;
  int64_t row;
  bool missing() const { return !column.is_valid(row); }
  size_t at() const { return static_cast<size_t>(row); }
};

Cell cell(const TableFile& file, const std::string& name, int64_t row) {
  int64_t block = 0;
  while (row >=
         file.blocks()[static_cast<size_t>(block)].first_row + file.blocks()[static_cast<size_t>(block)].rows)
    ++block;
  return {file.read(block, std::vector{name})[0], row - file.blocks()[static_cast<size_t>(block)].first_row};
}

template <class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Parquet, TellsItsSchemaAndBlocks) {
  const auto file = open_golden("types.parquet");
  std::string schema;
  for (const Field& field : file->schema()) schema += str_format("{}:{} ", field.name, type_name(field.type));
  EXPECT_EQ(
      schema,
      "flag:bool small:int64 count:int64 large:int64 half:float32 ratio:float32 value:float64 name:string "
      "kind:string day:timestamp when:timestamp local:timestamp price:float64 clock:int64 tokens:list "
      "image.bytes:binary image.path:string label:int64 empty:string pairs:unsupported ");
  EXPECT_EQ(find_field(file->schema(), "tokens")->item_type, ColumnType::kInt64);
  EXPECT_EQ(file->rows(), 12);
  ASSERT_EQ(file->blocks().size(), 3u);
  EXPECT_EQ(file->blocks()[2].first_row, 10);
  EXPECT_EQ(file->blocks()[2].rows, 2);
}

TEST(Parquet, ReadsNumbers) {
  const auto file = open_golden("types.parquet");
  for (int64_t i = 0; i < 12; ++i) {
    const auto get = [&](const char* name) { return cell(*file, name, i); };
    EXPECT_EQ(get("flag").column.bools[get("flag").at()], i % 3 == 0 ? 1 : 0);
    EXPECT_EQ(get("small").column.integers[get("small").at()], i - 5);
    EXPECT_EQ(get("large").column.integers[get("large").at()], 4294967295 - i);
    EXPECT_EQ(get("count").missing(), i % 5 == 3);
    EXPECT_EQ(get("count").column.integers[get("count").at()], i % 5 == 3 ? 0 : i * 1'000'000'000'000);
    EXPECT_EQ(get("half").column.floats[get("half").at()], static_cast<float>(i) / 4);
    EXPECT_EQ(get("ratio").missing(), i == 7);
    EXPECT_EQ(get("ratio").column.floats[get("ratio").at()], i == 7 ? 0 : static_cast<float>(i) / 8);
    const double value = get("value").column.doubles[get("value").at()];
    EXPECT_TRUE(i == 2 ? std::isnan(value) : value == static_cast<double>(i) / 3) << value;
    EXPECT_DOUBLE_EQ(get("price").column.doubles[get("price").at()], static_cast<double>(i) * 0.25);
    EXPECT_EQ(get("clock").column.integers[get("clock").at()], (60 + i) * 1'000'000);
  }
}

TEST(Parquet, ReadsDatesAsMicrosecondsOfUtc) {
  const auto file = open_golden("types.parquet");
  for (int64_t i = 0; i < 12; ++i) {
    const auto get = [&](const char* name) { return cell(*file, name, i); };
    EXPECT_EQ(get("day").column.integers[get("day").at()], (kStart / 86400 + i) * kDay);
    EXPECT_EQ(get("when").column.integers[get("when").at()], kStart * 1'000'000 + i);
    EXPECT_EQ(get("local").column.integers[get("local").at()], (i - 60) * 1'000'000);
  }
}

TEST(Parquet, ReadsTextBytesAndLists) {
  for (const char* name : {"types.parquet", "plain.parquet"}) {
    const auto file = open_golden(name);
    for (int64_t i = 0; i < 12; ++i) {
      const auto get = [&](const char* column) { return cell(*file, column, i); };
      std::string text;
      for (int64_t k = 0; k < i % 4; ++k) text += "n\xc3\xa4me";
      EXPECT_EQ(get("name").missing(), i % 6 == 5);
      EXPECT_EQ(get("name").column.text(get("name").row), i % 6 == 5 ? "" : text);

      const std::string bytes = {static_cast<char>(i), '\0', '\xff'};
      EXPECT_EQ(get("image.bytes").missing(), i == 9);
      EXPECT_EQ(get("image.bytes").column.text(get("image.bytes").row), i == 9 ? "" : bytes);
      EXPECT_EQ(get("image.path").missing(), i % 2 == 1);
      EXPECT_EQ(get("image.path").column.text(get("image.path").row),
                i % 2 == 1 ? "" : str_format("{}.png", i));

      const Cell tokens = get("tokens");
      EXPECT_EQ(tokens.missing(), i == 6);
      const int64_t begin = tokens.column.offsets[tokens.at()], end = tokens.column.offsets[tokens.at() + 1];
      ASSERT_EQ(end - begin, i == 6 ? 0 : i % 4);
      for (int64_t k = 0; k < end - begin; ++k)
        EXPECT_EQ(tokens.column.items[0].integers[static_cast<size_t>(begin + k)], k);
    }
  }
  const auto file = open_golden("types.parquet");
  const Column kinds = file->read(0, std::vector<std::string>{"kind"})[0];
  EXPECT_EQ(kinds.text(1), "kind 1");
  EXPECT_FALSE(kinds.is_valid(4));
  EXPECT_EQ(file->read(1, std::vector<std::string>{"empty"})[0].missing(), 5);
}

TEST(Parquet, ReadsOnlyWhatIsAskedForInItsOrder) {
  const auto file = open_golden("types.parquet");
  const auto columns = file->read(1, std::vector<std::string>{"label", "flag", "label"});
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_THAT(columns[0].integers, ElementsAre(5, 6, 7, 8, 9));
  EXPECT_THAT(columns[1].bools, ElementsAre(0, 1, 0, 0, 1));
  EXPECT_THAT(columns[2].integers, ElementsAre(5, 6, 7, 8, 9));
  EXPECT_THAT(message_of([&] { file->read(0, std::vector<std::string>{"lable"}); }),
              HasSubstr("did you mean \"label\"?"));
  EXPECT_THAT(message_of([&] { file->read(0, std::vector<std::string>{"pairs"}); }),
              HasSubstr("not supported"));
  EXPECT_THAT(message_of([&] { file->read(0, std::vector<std::string>{"image"}); }), HasSubstr("no column"));
}

TEST(Parquet, ThreadsReadTogether) {
  const auto file = open_golden("types.parquet");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 60; ++i) {
        const Cell label = cell(*file, "label", (i + t) % 12);
        EXPECT_EQ(label.column.integers[label.at()], (i + t) % 12 % 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Parquet, RefusesWhatItCannotUse) {
  EXPECT_EQ(open_golden("no_rows.parquet")->rows(), 0);
  EXPECT_THAT(message_of([] { open_golden("twice.parquet"); }), HasSubstr("two columns are named \"x\""));
  const auto bad = open_golden("bad_utf8.parquet");
  EXPECT_THAT(message_of([&] { bad->read(0, std::vector<std::string>{"text"}); }),
              HasSubstr("row group 0 (rows 0 to 1): row 1, column \"text\": it is not valid UTF-8"));
  const auto bomb = open_golden("bomb.parquet", {.max_block_bytes = 1 << 20});
  EXPECT_THAT(message_of([&] { bomb->read(0, std::vector<std::string>{"zeros"}); }),
              HasSubstr("more than 1.00 MiB"));
  EXPECT_EQ(open_golden("bomb.parquet")->read(0, std::vector<std::string>{"zeros"})[0].doubles.size(),
            1u << 23);
}

/// Reads all of what a file says it holds; true when it is not refused.
bool reads(std::string content) {
  try {
    const auto file = open_table(std::make_shared<storage::MemoryFile>("x.parquet", std::move(content)),
                                 {.max_block_bytes = 1 << 26});
    std::vector<std::string> columns;
    for (const Field& field : file->schema())
      if (field.type != ColumnType::kUnsupported) columns.push_back(field.name);
    for (size_t block = 0; block < file->blocks().size(); ++block)
      file->read(static_cast<int64_t>(block), columns);
    return true;
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.parquet"));
    return false;
  }
}

std::string golden_bytes(const std::string& name) {
  return read_file(fs::path(ECHELON_SOURCE_DIR) / "tests/table/golden" / name);
}

TEST(Parquet, RefusesEveryTruncation) {
  const std::string whole = golden_bytes("plain.parquet");
  EXPECT_TRUE(reads(whole));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(reads(whole.substr(0, size))) << size;
}

// Pages carry checksums here, so that flipped data never pass; flipped metadata may (names, statistics, …),
// but must not crash.
TEST(Parquet, SurvivesFlippedBits) {
  const std::string whole = golden_bytes("plain.parquet");
  int refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    refused += reads(damaged) ? 0 : 1;
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()) / 4);
}

}  // namespace
}  // namespace echelon::table
