#include "table/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "storage/support/memory_store.h"
#include "table/every_type.h"
#include "table/expect_columns.h"
#include "table/memory_table.h"
#include "table/table_file.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ByteSink into(std::string& content) {
  return [&content](std::span<const std::byte> bytes) {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
}

/// A file of the rows [0, rows) of kEveryType, appended in batches.
std::string written(int64_t rows, int64_t batch, const TableWriterOptions& options = {}) {
  std::string content;
  const auto writer = open_table_writer("x.parquet", kEveryType, into(content), options);
  for (int64_t row = 0; row < rows; row += batch)
    writer->append(every_type(row, std::min(rows, row + batch)));
  EXPECT_EQ(writer->rows(), rows);
  writer->close();
  return content;
}

std::unique_ptr<TableFile> open(std::string content) {
  return open_table(std::make_shared<storage::MemoryFile>("x.parquet", std::move(content)));
}

std::vector<int64_t> rows_of_blocks(const TableFile& file) {
  std::vector<int64_t> rows;
  for (const Block& block : file.blocks()) rows.push_back(block.rows);
  return rows;
}

TEST(TableWriter, WritesEveryType) {
  for (const ParquetCompression compression :
       {ParquetCompression::kNone, ParquetCompression::kSnappy, ParquetCompression::kZstd}) {
    const auto file = open(written(100, 30, {.compression = compression, .rows_per_group = 40}));
    EXPECT_THAT(rows_of_blocks(*file), ElementsAre(40, 40, 20));
    ASSERT_EQ(names_of(file->schema()), names_of(kEveryType));
    for (size_t block = 0; block < 3; ++block) {
      const Block place = file->blocks()[block];
      const auto columns = file->read(static_cast<int64_t>(block), names_of(kEveryType));
      const auto expected = every_type(place.first_row, place.first_row + place.rows);
      for (size_t i = 0; i < expected.size(); ++i) {
        SCOPED_TRACE(kEveryType[i].name);
        expect_same_column(columns[i], expected[i]);
      }
    }
  }
}

TEST(TableWriter, BytesDoNotDependOnBatches) {
  const TableWriterOptions options{.rows_per_group = 64, .metadata = {{"model", "x"}}};
  const std::string whole = written(300, 300, options);
  EXPECT_THAT(whole, HasSubstr("echelon version 1.0"));
  for (const int64_t batch : {1, 7, 64, 65}) EXPECT_EQ(written(300, batch, options), whole) << batch;
}

TEST(TableWriter, GroupsEndBeforeTheyGrowTooLarge) {
  std::string content;
  const Schema schema = {{.name = "text", .type = ColumnType::kString}};
  const auto writer = open_table_writer("x.parquet", schema, into(content), {.group_bytes = 100});
  // With an offset of 8 bytes each: 48, 100; 108; 58.
  writer->append(std::vector{texts({std::string(40, 'a'), std::string(44, 'b'), std::string(100, 'c')})});
  writer->append(std::vector{texts({std::string(50, 'd')})});
  writer->close();
  EXPECT_THAT(rows_of_blocks(*open(content)), ElementsAre(2, 1, 1));
}

TEST(TableWriter, TablesWithoutRowsAreTables) {
  const auto file = open(written(0, 1));
  EXPECT_EQ(file->rows(), 0);
  EXPECT_EQ(names_of(file->schema()), names_of(kEveryType));
}

TEST(TableWriter, WhatIsNotClosedIsNoTable) {
  std::string content;
  {
    const auto writer = open_table_writer("x.parquet", kEveryType, into(content), {.rows_per_group = 10});
    writer->append(every_type(0, 15));
  }
  EXPECT_FALSE(content.ends_with("PAR1"));
  EXPECT_THROW(open(content), DataError);
}

// The first, one of the middle, and the end of the file.
TEST(TableWriter, FailuresOfTheSinkComeOut) {
  const size_t size = written(300, 300, {.rows_per_group = 64}).size();
  for (const size_t room : {size_t{0}, size / 2, size - 1}) {
    std::string content;
    const auto sink = [&](std::span<const std::byte> bytes) {
      if (content.size() + bytes.size() > room)
        throw DataError("cannot write x.parquet: No space left on device");
      content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    const auto write = [&] {
      const auto writer = open_table_writer("x.parquet", kEveryType, sink, {.rows_per_group = 64});
      writer->append(every_type(0, 300));
      writer->close();
    };
    try {
      write();
      ADD_FAILURE() << room;
    } catch (const DataError& error) {
      EXPECT_STREQ(error.what(), "cannot write x.parquet: No space left on device");
    }
    EXPECT_LE(content.size(), room);
  }
}

TEST(TableWriter, RefusesWhatDoesNotFit) {
  std::string content;
  const auto open_writer = [&](const Schema& schema) {
    open_table_writer("x.parquet", schema, into(content));
  };
  EXPECT_THROW(open_writer({}), DataError);
  EXPECT_THROW(open_writer({kEveryType[0], kEveryType[0]}), DataError);
  EXPECT_THROW(open_writer({{.name = "x", .type = ColumnType::kUnsupported}}), DataError);
  EXPECT_THROW(open_writer({{.name = "x", .type = ColumnType::kList, .item_type = ColumnType::kList}}),
               DataError);
  const Schema schema = {{.name = "a", .type = ColumnType::kInt64},
                         {.name = "b", .type = ColumnType::kFloat64}};
  for (const TableFormat format : {TableFormat::kParquet, TableFormat::kJsonLines}) {
    for (const std::vector<Column>& columns :
         {std::vector{integers({1})}, {integers({1}), integers({1})}, {integers({1, 2}), doubles({1})}}) {
      content.clear();
      const auto writer = open_table_writer("x", schema, into(content), {.format = format});
      writer->append(std::vector{integers({1}), doubles({1})});
      EXPECT_THROW(writer->append(columns), InternalError);
      const size_t size = content.size();
      EXPECT_THROW(writer->append(std::vector{integers({1}), doubles({1})}), InternalError);
      EXPECT_ANY_THROW(writer->flush());
      EXPECT_ANY_THROW(writer->close());
      EXPECT_EQ(content.size(), size);
    }
  }
  const auto closed = open_table_writer("x.parquet", schema, into(content));
  closed->close();
  EXPECT_THROW(closed->append(std::vector{integers({1}), doubles({1})}), InternalError);
  EXPECT_THROW(open_table_writer("x.csv", schema, into(content), {.format = TableFormat::kCsv}), DataError);
}

TEST(TableWriter, FlushEndsTheRowGroup) {
  std::string content;
  const auto writer = open_table_writer("x.parquet", kEveryType, into(content), {.rows_per_group = 10});
  writer->append(every_type(0, 14));
  const size_t size = content.size();
  writer->flush();
  EXPECT_GT(content.size(), size);
  writer->flush();
  writer->append(every_type(14, 20));
  writer->close();
  EXPECT_THAT(rows_of_blocks(*open(content)), ElementsAre(10, 4, 6));
}

}  // namespace
}  // namespace echelon::table
