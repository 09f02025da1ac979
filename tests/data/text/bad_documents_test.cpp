#include "data/text/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "storage/support/compress.h"
#include "table/table_writer.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BadDocumentsTest : public testing::Test {
 protected:
  BadDocumentsTest() : storage_({.cache = {.folder = folder_ / "cache"}}) {}

  std::string write(const std::string& name, const std::string& content) {
    write_file_atomically(folder_ / name, content);
    return folder_ / name;
  }

  /// The texts of a file's documents; damaged ones are counted.
  std::vector<std::string> read(const std::string& path) {
    std::vector<std::string> texts;
    left_out_ = read_documents(storage_, path, {.skip_damaged = true}, [&](const Document& document) {
      for (const Segment& segment : document) texts.push_back(segment.text);
    });
    return texts;
  }

  std::string refusal(const std::string& path) {
    try {
      read_documents(storage_, path, {}, [](const Document&) {});
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  storage::Storage storage_;
  int64_t left_out_ = 0;
};

TEST_F(BadDocumentsTest, DamagedLinesAreNamedOrCounted) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"{\"text\": \"a\xff\"}", "malformed JSON"},
      {"{\"text\": \"a", "malformed JSON"},
      {std::string("{\"text\": \"a\0b\"}", 15), "malformed JSON"},
      {"{\"text\": \"\\ud800\"}", "malformed JSON"},
      {"[\"a\"]", "a JSON object is expected"},
      {"7", "a JSON object is expected"},
      {"{\"other\": \"a\"}", "there is no member \"text\""},
      {"{\"text\": null}", "member \"text\" is no text"},
      {"{\"text\": [\"a\"]}", "member \"text\" is no text"},
  };
  std::string all;
  for (const auto& [line, problem] : bad) {
    const std::string path = write("one.jsonl", "{\"text\": \"good\"}\n\n" + line + "\n");
    EXPECT_THAT(refusal(path), AllOf(HasSubstr("one.jsonl, line 3: "), HasSubstr(problem)));
    all += line + "\n{\"text\": \"good\"}\n";
  }
  EXPECT_THAT(read(write("all.jsonl", all)), testing::SizeIs(bad.size()));
  EXPECT_EQ(left_out_, static_cast<int64_t>(bad.size()));
}

TEST_F(BadDocumentsTest, WhatIsTextIsKeptAsItIs) {
  EXPECT_THAT(read(write("x.jsonl",
                         "{\"text\": \"a\\u0000b\"}\r\n{\"text\": 1.5}\n{\"text\": true}\n{\"text\": \"\"}")),
              ElementsAre(std::string("a\0b", 3), "1.5", "true", ""));
  EXPECT_THAT(read(write("x.txt", std::string("a\0\xff\r\n", 5))),
              ElementsAre(std::string("a\0\xff\r\n", 5)));
  EXPECT_THAT(read(write("empty.jsonl", "")), IsEmpty());
  EXPECT_THAT(read(write("blank.jsonl", "\n \n\r\n")), IsEmpty());
  EXPECT_EQ(left_out_, 0);
}

TEST_F(BadDocumentsTest, LinesHaveAnEndAndNestingDoesNoHarm) {
  const std::string line = "{\"text\": \"" + std::string((64 << 20) + 1, 'x') + "\"}\n";
  EXPECT_THAT(refusal(write("long.jsonl", "{\"text\": \"a\"}\n" + line)),
              AllOf(HasSubstr("long.jsonl, line 2 (offset 14): longer than 64.0 MiB")));
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(read(write("deep.jsonl", "{\"x\": " + deep + "\n{\"text\": \"a\", \"x\": " + deep +
                                           std::string(deep.size(), ']') + "}\n")),
              ElementsAre("a"));
  EXPECT_EQ(left_out_, 1);
}

TEST_F(BadDocumentsTest, DamagedCompressionIsNamed) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += str_format("{{\"text\": \"document {}\"}}\n", i * i);
  for (const auto& [name, packed] :
       {std::pair("x.jsonl.gz", storage::gzip(lines)), std::pair("x.jsonl.zst", storage::zstd(lines))}) {
    EXPECT_EQ(read(write(name, packed)).size(), 2000u);
    EXPECT_THAT(refusal(write(name, packed.substr(0, packed.size() / 2))), HasSubstr(name));
    std::string flipped = packed;
    flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 8);
    EXPECT_THAT(refusal(write(name, flipped)), HasSubstr(name));
  }
}

// 300 MB of zeros in some ten kilobytes.
TEST_F(BadDocumentsTest, BombsAreRefused) {
  const std::string bomb = storage::zstd(std::string(300'000'000, '\0'));
  ASSERT_LT(bomb.size(), 50'000u);
  EXPECT_THAT(refusal(write("x.txt.zst", bomb)), HasSubstr("4096 times its size"));
  EXPECT_THAT(refusal(write("x.jsonl.zst", bomb)), HasSubstr("x.jsonl.zst"));
}

/// 30 rows in groups of 10: a text, but for row 3, and a number.
std::string rows_of_text() {
  std::string content;
  const table::Schema schema = {{.name = "text", .type = table::ColumnType::kString},
                                {.name = "id", .type = table::ColumnType::kInt64}};
  const auto sink = [&](std::span<const std::byte> bytes) {
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto writer = table::open_table_writer(
      "x.parquet", schema, sink, {.compression = table::ParquetCompression::kNone, .rows_per_group = 10});
  table::Column texts = table::empty_column(table::ColumnType::kString);
  table::Column numbers = table::empty_column(table::ColumnType::kInt64);
  for (int64_t row = 0; row < 30; ++row) {
    texts.bytes += row == 3 ? "" : str_format("text {}", row);
    texts.offsets.push_back(static_cast<int64_t>(texts.bytes.size()));
    texts.valid.push_back(row == 3 ? 0 : 1);
    numbers.integers.push_back(row);
  }
  texts.rows = numbers.rows = 30;
  writer->append(std::vector{texts, numbers});
  writer->close();
  return content;
}

TEST_F(BadDocumentsTest, DamagedRowsAreNamedOrCounted) {
  const std::string whole = rows_of_text();
  EXPECT_THAT(refusal(write("x.parquet", whole)),
              HasSubstr("x.parquet, row 3: column \"text\" has no value"));
  EXPECT_EQ(read(folder_ / "x.parquet").size(), 29u);
  EXPECT_EQ(left_out_, 1);

  std::string damaged = whole;
  damaged[damaged.find("text 15") + 2] ^= 1;
  EXPECT_THAT(refusal(write("x.parquet", damaged)), HasSubstr("row 3"));
  const std::vector<std::string> texts = read(folder_ / "x.parquet");
  EXPECT_EQ(texts.size(), 19u);  // the other two groups, but for row 3
  EXPECT_EQ(texts.back(), "text 29");
  EXPECT_EQ(left_out_, 11);
}

TEST_F(BadDocumentsTest, ColumnsOfParquetMustBeThereAndText) {
  const std::string path = write("x.parquet", rows_of_text());
  const auto refused = [&](const std::string& key) {
    try {
      read_documents(storage_, path, {.text_key = key, .skip_damaged = true}, [](const Document&) {});
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refused("texts"), HasSubstr("x.parquet: there is no column \"texts\"; it has text, id"));
  EXPECT_EQ(refused("id"), "");
  EXPECT_THAT(refusal(write("y.parquet", rows_of_text().substr(0, 300))), HasSubstr("y.parquet"));
}

}  // namespace
}  // namespace echelon::data
