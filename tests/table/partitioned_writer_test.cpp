#include "table/partitioned_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "storage/support/memory_store.h"
#include "table/every_type.h"
#include "table/expect_columns.h"
#include "table/memory_files.h"
#include "table/memory_table.h"
#include "table/table_file.h"

namespace echelon::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Files = std::vector<WrittenFile>;

const Schema kSchema = {{.name = "region", .type = ColumnType::kString},
                        {.name = "id", .type = ColumnType::kInt64},
                        {.name = "text", .type = ColumnType::kString}};

/// Row i is of region "r0", "r1", … "r{regions-1}", in turn, with text of `bytes` bytes.
std::vector<Column> rows_of(int64_t begin, int64_t end, int64_t regions, size_t bytes = 1) {
  std::vector<std::string> names, text;
  std::vector<int64_t> ids;
  for (int64_t i = begin; i < end; ++i) {
    names.push_back(str_format("r{}", i % regions));
    ids.push_back(i);
    text.emplace_back(bytes, static_cast<char>('a' + i % 26));
  }
  return {texts(names), integers(ids), texts(text)};
}

Files write(MemoryFiles& files, const std::vector<Column>& columns, int64_t batch,
            const PartitionOptions& options, const Schema& schema = kSchema) {
  PartitionedWriter writer("out", schema, files.maker(), options);
  for (int64_t row = 0; row < columns[0].rows; row += batch)
    writer.append(columns, row, std::min(columns[0].rows, row + batch));
  EXPECT_EQ(writer.rows(), columns[0].rows);
  Files written = writer.close();
  EXPECT_EQ(files.open, 0);
  EXPECT_EQ(written.size(), files.committed.size());
  return written;
}

std::vector<int64_t> ids_in(const std::string& content, std::vector<int64_t>* blocks = nullptr) {
  const auto file = open_table(std::make_shared<storage::MemoryFile>("x.parquet", content));
  std::vector<int64_t> ids;
  for (size_t block = 0; block < file->blocks().size(); ++block) {
    const Column column = file->read(static_cast<int64_t>(block), std::vector<std::string>{"id"})[0];
    ids.insert(ids.end(), column.integers.begin(), column.integers.end());
    if (blocks != nullptr) blocks->push_back(column.rows);
  }
  return ids;
}

TEST(PartitionedWriter, PutsRowsInFoldersInTheirOrder) {
  MemoryFiles files;
  const Files written = write(files, rows_of(0, 10, 3), 4, {.columns = {"region"}, .stem = "unit-7"});
  EXPECT_THAT(written, ElementsAre(WrittenFile{"region=r0/unit-7-0000.parquet", 4},
                                   WrittenFile{"region=r1/unit-7-0000.parquet", 3},
                                   WrittenFile{"region=r2/unit-7-0000.parquet", 3}));
  EXPECT_THAT(ids_in(files.committed["region=r1/unit-7-0000.parquet"]), ElementsAre(1, 4, 7));
  const auto file = open_table(
      std::make_shared<storage::MemoryFile>("x.parquet", files.committed["region=r0/unit-7-0000.parquet"]));
  EXPECT_THAT(names_of(file->schema()), ElementsAre("id", "text"));
}

TEST(PartitionedWriter, OneFolderInAnother) {
  Column days = integers({0, 86'400'000'000, 0, 0}, {1, 1, 0, 1});
  days.type = ColumnType::kTimestamp;
  Column flags{.type = ColumnType::kBool, .rows = 4, .bools = {1, 1, 0, 1}};
  const Schema schema = {{.name = "id", .type = ColumnType::kInt64},
                         {.name = "day", .type = ColumnType::kTimestamp},
                         {.name = "flag", .type = ColumnType::kBool}};
  MemoryFiles files;
  const PartitionOptions options{.columns = {"flag", "day"}, .files = {.format = TableFormat::kJsonLines}};
  EXPECT_THAT(write(files, {integers({1, 2, 3, 4}), days, flags}, 4, options, schema),
              ElementsAre(WrittenFile{"flag=false/day=__HIVE_DEFAULT_PARTITION__/part-0000.jsonl", 1},
                          WrittenFile{"flag=true/day=1970-01-01/part-0000.jsonl", 2},
                          WrittenFile{"flag=true/day=1970-01-02/part-0000.jsonl", 1}));
  EXPECT_EQ(files.committed["flag=true/day=1970-01-01/part-0000.jsonl"], "{\"id\":1}\n{\"id\":4}\n");
}

TEST(PartitionedWriter, WithoutPartitionsItOnlyCutsFiles) {
  MemoryFiles files;
  EXPECT_THAT(write(files, rows_of(0, 25, 3), 7, {.max_file_rows = 10}),
              ElementsAre(WrittenFile{"part-0000.parquet", 10}, WrittenFile{"part-0001.parquet", 10},
                          WrittenFile{"part-0002.parquet", 5}));
  EXPECT_THAT(ids_in(files.committed["part-0002.parquet"]), ElementsAre(20, 21, 22, 23, 24));
  MemoryFiles none;
  EXPECT_EQ(write(none, rows_of(0, 0, 1), 1, {}), Files());
}

TEST(PartitionedWriter, EveryTypeComesBack) {
  MemoryFiles files;
  write(files, every_type(0, 200), 33, {.columns = {"flag"}}, kEveryType);
  ASSERT_EQ(files.committed.size(), 3u);
  const auto file = open_table(std::make_shared<storage::MemoryFile>(
      "x.parquet", files.committed["flag=__HIVE_DEFAULT_PARTITION__/part-0000.parquet"]));
  std::vector<Column> expected;
  for (const Field& field : kEveryType) expected.push_back(empty_column(field.type, field.item_type));
  for (int64_t row = 10; row < 200; row += 11)
    for (size_t i = 0; i < expected.size(); ++i) append_rows(expected[i], every_type(row, row + 1)[i], 0, 1);
  for (size_t i = 1; i < expected.size(); ++i)
    expect_same_column(file->read(0, std::vector{kEveryType[i].name})[0], expected[i]);
}

TEST(PartitionedWriter, FilesEndWithTheGroupThatMakesThemLarge) {
  // A row takes 8 bytes of id, and 8 + 100 of text: groups of 5 rows or 580 bytes.
  MemoryFiles files;
  const PartitionOptions options{.files = {.compression = ParquetCompression::kNone, .rows_per_group = 5},
                                 .max_file_bytes = 2000};
  std::vector<Column> columns = rows_of(0, 60, 1, 100);
  const Files written = write(files, {columns[1], columns[2]}, 60, options, {kSchema[1], kSchema[2]});
  ASSERT_GT(written.size(), 2u);
  std::vector<int64_t> all;
  for (const auto& [name, rows] : written) {
    std::vector<int64_t> blocks;
    const std::vector<int64_t> ids = ids_in(files.committed[name], &blocks);
    EXPECT_EQ(std::ssize(ids), rows);
    all.insert(all.end(), ids.begin(), ids.end());
    for (const int64_t block : blocks) EXPECT_EQ(block, 5);
    EXPECT_LT(files.committed[name].size(), 4500u);
    if (name != written.back().name) {
      EXPECT_GE(files.committed[name].size(), 2000u);
    }
  }
  EXPECT_EQ(all, columns[1].integers);
}

// 8 bytes of id, and 8 + 100 of text: 20,000 bytes are 173 rows of the 50 regions.
TEST(PartitionedWriter, MemoryAndOpenFilesAreBounded) {
  MemoryFiles whole;
  const std::vector<Column> columns = rows_of(0, 3000, 50, 100);
  PartitionOptions options{.columns = {"region"}, .memory_bytes = 20'000, .max_open_files = 10};
  const Files written = write(whole, columns, 3000, options);
  EXPECT_LE(whole.most_open, 11);
  EXPECT_GT(written.size(), 50u);
  std::map<std::string, std::vector<int64_t>> by_region;
  for (const auto& [name, rows] : written) {
    const std::vector<int64_t> ids = ids_in(whole.committed[name]);
    std::vector<int64_t>& all = by_region[name.substr(0, name.find('/'))];
    all.insert(all.end(), ids.begin(), ids.end());
  }
  ASSERT_EQ(by_region.size(), 50u);
  for (const auto& [folder, ids] : by_region) {
    EXPECT_EQ(ids.size(), 60u);
    EXPECT_TRUE(std::ranges::is_sorted(ids)) << folder;
    for (const int64_t id : ids) EXPECT_EQ("region=" + std::string(columns[0].text(id)), folder);
  }
  for (const int64_t batch : {1, 7, 1000}) {
    MemoryFiles files;
    EXPECT_EQ(write(files, columns, batch, options), written);
    EXPECT_EQ(files.committed, whole.committed) << batch;
  }
}

std::string refusal(const PartitionOptions& options, const Schema& schema = kSchema,
                    const std::vector<Column>& columns = rows_of(0, 100, 20)) {
  MemoryFiles files;
  try {
    PartitionedWriter writer("out", schema, files.maker(), options);
    try {
      writer.append(columns);
    } catch (const DataError&) {
      EXPECT_EQ(files.open, 0);
      EXPECT_TRUE(files.committed.empty());
      EXPECT_THROW(writer.append(columns), InternalError);
      EXPECT_THROW(writer.close(), InternalError);
      throw;
    }
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(PartitionedWriter, RefusesBeforeItBegins) {
  EXPECT_THAT(refusal({.columns = {"regoin"}}),
              HasSubstr("out has no column \"regoin\"; did you mean \"region\"?"));
  EXPECT_THAT(refusal({.columns = {"region", "region"}}), HasSubstr("\"region\" is named twice"));
  EXPECT_THAT(refusal({.columns = {"region", "id", "text"}}), HasSubstr("none is left"));
  for (const char* name : {"ratio", "value", "vector", "image.bytes"})
    EXPECT_THAT(refusal({.columns = {name}}, kEveryType, every_type(0, 2)),
                AllOf(HasSubstr(name), HasSubstr("makes no partitions")));
  const Schema hidden = {{.name = "_day", .type = ColumnType::kInt64}, kSchema[1]};
  EXPECT_THAT(refusal({.columns = {"_day"}}, hidden), HasSubstr("passed over by readers"));
  EXPECT_THAT(refusal({}, {kSchema[0], kSchema[0]}), HasSubstr("two columns are named"));
  EXPECT_THAT(refusal({.files = {.format = TableFormat::kCsv}}), HasSubstr("Parquet or JSON lines"));
}

TEST(PartitionedWriter, RefusesRowsThatMakeNoFolder) {
  EXPECT_EQ(refusal({.columns = {"region"}, .max_partitions = 20}), "");
  EXPECT_THAT(refusal({.columns = {"region"}, .max_partitions = 19}),
              AllOf(HasSubstr("row 19 would begin partition region=r19/"), HasSubstr("19 are the most")));
  const std::vector<Column> longs = {texts({"a", std::string(100, '/')}), integers({1, 2}),
                                     texts({"a", "b"})};
  EXPECT_THAT(refusal({.columns = {"region"}}, kSchema, longs),
              AllOf(HasSubstr("row 1, column \"region\""), HasSubstr("a name of 307 bytes")));
  Column when = integers({std::numeric_limits<int64_t>::max()});
  when.type = ColumnType::kTimestamp;
  EXPECT_THAT(refusal({.columns = {"when"}}, {{.name = "when", .type = ColumnType::kTimestamp}, kSchema[1]},
                      {when, integers({1})}),
              HasSubstr("row 0, column \"when\""));
}

TEST(PartitionedWriter, FindsTheRowsThatItWouldRefuse) {
  MemoryFiles files;
  PartitionedWriter writer("out", kSchema, files.maker(), {.columns = {"region"}});
  const std::string longest(255 - 7, 'x'), longer = longest + "x";  // after "region="
  const std::vector<Column> columns = {texts({"a", longer, longer, longest, "", longer}),
                                       integers({0, 1, 2, 3, 4, 5}), texts({"a", "b", "c", "d", "e", "f"})};
  const std::string problem =
      "column \"region\": its folder would have a name of 256 bytes; 255 are the most";
  EXPECT_THAT(writer.find_refused(columns, 0, 6),
              ElementsAre(Pair(1, problem), Pair(2, problem), Pair(5, problem)));
  EXPECT_THAT(writer.find_refused(columns, 2, 5), ElementsAre(Pair(2, problem)));
  writer.append(columns, 0, 1);
  writer.append(columns, 3, 5);
  EXPECT_EQ(writer.close().size(), 3);
  PartitionedWriter plain("out", kSchema, files.maker(), {});
  EXPECT_TRUE(plain.find_refused(columns, 0, 6).empty());
}

TEST(PartitionedWriter, WhatAFileThrowsEndsIt) {
  class Full final : public NewTableFile {
    void write(std::span<const std::byte>) override {
      throw Error(ExitCode::kData, "No space left on device");
    }
    void commit() override {}
  };
  PartitionedWriter writer("out", kSchema, [](const std::string&) { return std::make_unique<Full>(); },
                           {.columns = {"region"}});
  writer.append(rows_of(0, 10, 2));
  try {
    writer.close();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "No space left on device");
  }
  EXPECT_THROW(writer.close(), InternalError);
}

}  // namespace
}  // namespace echelon::table
