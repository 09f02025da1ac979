#include "predict/source/tar_table.h"

#include <gmock/gmock.h>

#include <functional>

#include "common/error.h"
#include "data/support/tar_writer.h"
#include "predict/support/memory_file.h"

namespace echelon::predict {
namespace {

using data::tar_end;
using data::tar_entry;
using table::ColumnType;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<table::TableFile> open(const std::string& bytes, const table::Schema& kept = {},
                                       int64_t block_bytes = 1 << 20) {
  const auto shard = std::make_shared<MemoryFile>("a.tar", bytes);
  data::TarReader entries(*shard);
  return open_tar_table(shard, entries, kept, block_bytes);
}

std::string problem_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

/// Of a column, over all blocks; "-" where it is missing.
std::vector<std::string> values(const table::TableFile& file, const std::string& column) {
  const std::vector<std::string> columns{column};
  std::vector<std::string> found;
  for (size_t block = 0; block < file.blocks().size(); ++block) {
    const table::Column read = file.read(static_cast<int64_t>(block), columns)[0];
    EXPECT_EQ(read.rows, file.blocks()[block].rows);
    for (int64_t row = 0; row < read.rows; ++row)
      found.push_back(read.is_valid(row) ? std::string(read.text(row)) : "-");
  }
  return found;
}

const std::string kShard = tar_entry("d/0.jpg", "J0") + tar_entry("d/0.cls", "7") +
                           tar_entry("d/1.PNG", "P1") + tar_entry("d/1.seg.png", "S1") +
                           tar_entry("d/2.cls", "8") + tar_entry("d/2.raw", "\xff") +
                           tar_entry("d/3.webp", "W3") + tar_entry("d/3.jpg", "J3");

TEST(TarTable, ARowIsASampleAndAColumnAField) {
  for (const int64_t block_bytes : {1, 2000, 1 << 20}) {
    const auto file = open(kShard + tar_end(), {}, block_bytes);
    EXPECT_THAT(table::names_of(file->schema()), ElementsAre("key", "image", "cls", "raw", "seg.png"));
    EXPECT_EQ(file->schema()[2].type, ColumnType::kString);
    EXPECT_EQ(file->schema()[3].type, ColumnType::kBinary);
    EXPECT_THAT(values(*file, "key"), ElementsAre("d/0", "d/1", "d/2", "d/3"));
    EXPECT_THAT(values(*file, "image"), ElementsAre("J0", "P1", "-", "W3"));
    EXPECT_THAT(values(*file, "cls"), ElementsAre("7", "-", "8", "-"));
    EXPECT_THAT(values(*file, "raw"), ElementsAre("-", "-", "\xff", "-"));
    EXPECT_THAT(values(*file, "seg.png"), ElementsAre("-", "S1", "-", "-"));
  }
}

TEST(TarTable, BlocksHoldWholeSamples) {
  // Each file takes 1,024 bytes, so that two samples of two files fill one.
  const auto file = open(kShard + tar_end(), {}, 4096);
  ASSERT_EQ(file->blocks().size(), 2u);
  EXPECT_EQ(file->blocks()[1].first_row, 2);
  EXPECT_EQ(file->blocks()[1].rows, 2);
}

TEST(TarTable, ColumnsAreThoseOfTheShardsBefore) {
  const table::Schema kept{{.name = "cls", .type = ColumnType::kBinary},
                           {.name = "txt", .type = ColumnType::kString}};
  const auto file = open(kShard + tar_end(), kept);
  EXPECT_EQ(table::find_field(file->schema(), "cls")->type, ColumnType::kBinary);
  EXPECT_THAT(values(*file, "txt"), ElementsAre("-", "-", "-", "-"));
}

TEST(TarTable, WhatComesBeforeTheDamageIsThere) {
  std::string bytes = kShard;
  bytes[4 * 1024 + 10] = 'x';  // the header of d/2.cls
  const auto file = open(bytes + tar_end());
  ASSERT_EQ(file->blocks().size(), 2u);
  EXPECT_EQ(file->blocks()[0].rows, 1);  // of d/1 something may be lost
  EXPECT_EQ(file->blocks()[1].first_row, 1);
  EXPECT_EQ(file->blocks()[1].rows, 1);
  const std::vector<std::string> columns{"image"};
  EXPECT_EQ(file->read(0, columns)[0].text(0), "J0");
  EXPECT_THAT(problem_of([&] { file->read(1, columns); }),
              testing::AllOf(HasSubstr("a.tar"), HasSubstr("offset 4096")));
  // Without its end a shard is cut off.
  EXPECT_EQ(open(kShard)->blocks().back().first_row, 3);
}

TEST(TarTable, RefusesWhatHoldsNoSamples) {
  EXPECT_THAT(problem_of([] { open(tar_end()); }), HasSubstr("a.tar: the shard holds no samples"));
  EXPECT_THAT(problem_of([] { open("no archive at all" + std::string(1000, 'x')); }),
              HasSubstr("a.tar, offset 0"));
  EXPECT_THAT(problem_of([] {
                open(tar_entry("0.jpg", "J") + tar_entry("1.key", "k") + tar_end())
                    ->read(1, std::vector<std::string>{"key"});
              }),
              HasSubstr("key \"1\": a field of the name .key"));
}

TEST(TarTable, TextMustBeUtf8InEverySample) {
  const auto file = open(tar_entry("0.txt", "a") + tar_entry("1.txt", "\xff") + tar_end(), {}, 1);
  const std::vector<std::string> columns{"txt"};
  EXPECT_EQ(file->read(0, columns)[0].text(0), "a");
  EXPECT_EQ(problem_of([&] { file->read(1, columns); }),
            "a.tar, offset 1024, key \"1\": column \"txt\" is no UTF-8");
}

}  // namespace
}  // namespace echelon::predict
