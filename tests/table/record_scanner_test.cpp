#include "table/record_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"

namespace echelon::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr RecordSyntax kCsv{',', '"'};
constexpr RecordSyntax kLines{};

class TextFile : public storage::RandomAccessFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}
  const std::string& name() const override { return name_; }
  int64_t size() const override { return static_cast<int64_t>(text_.size()); }
  std::string version() const override { return "1"; }
  void read(int64_t offset, std::span<uint8_t> bytes) const override {
    std::memcpy(bytes.data(), text_.data() + offset, bytes.size());
  }

 private:
  std::string name_ = "x.csv";
  std::string text_;
};

std::vector<std::string> blocks_of(const std::string& text, int64_t block_bytes, RecordSyntax syntax = kCsv) {
  std::vector<std::string> blocks;
  for (const RecordBlock& block : index_records(TextFile(text), syntax, false, block_bytes, 1 << 20).blocks)
    blocks.push_back(text.substr(static_cast<size_t>(block.offset), static_cast<size_t>(block.bytes)));
  return blocks;
}

TEST(RecordScanner, CutsBetweenRecords) {
  EXPECT_THAT(blocks_of("a,b\nc,d\ne,f", 4), ElementsAre("a,b\n", "c,d\n", "e,f"));
  EXPECT_THAT(blocks_of("a,b\nc,d\ne,f\n", 8), ElementsAre("a,b\nc,d\n", "e,f\n"));
  EXPECT_THAT(blocks_of("\"a\nb\",1\nc,2\n", 1), ElementsAre("\"a\nb\",1\n", "c,2\n"));
  EXPECT_THAT(blocks_of("\"a\"\"\n\",1\nc\n", 1), ElementsAre("\"a\"\"\n\",1\n", "c\n"));
  EXPECT_THAT(blocks_of("5\" disk,1\n7\" disk,2\n", 1), ElementsAre("5\" disk,1\n", "7\" disk,2\n"));
  EXPECT_THAT(blocks_of("\"a\nb\",1\nc,2\n", 1, kLines), ElementsAre("\"a\n", "b\",1\n", "c,2\n"));
}

TEST(RecordScanner, CountsRowsAndLines) {
  const TextFile file("\xef\xbb\xbfx,y\r\n\"1\n2\",3\r\n\r\n4,5\r\n\n6,7");
  const RecordIndex index = index_records(file, kCsv, true, 12, 1 << 20);
  EXPECT_EQ(index.header.offset, 3);
  EXPECT_EQ(index.header.bytes, 5);
  ASSERT_EQ(index.blocks.size(), 2u);
  EXPECT_EQ(index.blocks[0].first_line, 2);
  EXPECT_EQ(index.blocks[0].rows, 1);  // and an empty line
  EXPECT_EQ(index.blocks[1].first_line, 5);
  EXPECT_EQ(index.blocks[1].first_row, 1);
  EXPECT_EQ(index.blocks[1].rows, 2);
  EXPECT_EQ(line_of_row("\"1\n2\",3\r\n\r\n4,5\r\n", 1, kCsv), 3);
  EXPECT_EQ(line_of_row("a\nb\nc\n", 2, kLines), 2);
}

TEST(RecordScanner, RefusesWhatDoesNotEnd) {
  try {
    index_records(TextFile("a,b\n1,\"2\n3,4\n"), kCsv, true, 100, 1 << 20);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.csv, line 2 (offset 4)"));
  }
  EXPECT_THROW(index_records(TextFile("a\n" + std::string(9 << 20, 'x')), kCsv, true, 100, 1 << 20),
               DataError);
}

TEST(RecordScanner, SplitsRecords) {
  EXPECT_THAT(split_record("a,,\"b,\"\"c\"\"\",d\r\n", kCsv), ElementsAre("a", "", "b,\"c\"", "d"));
  EXPECT_THAT(split_record("5\" disk;x", {';', '"'}), ElementsAre("5\" disk", "x"));
}

// Blocks cover the file and have the same rows, whatever their size, also where reads of 4 MiB end.
TEST(RecordScanner, LosesNothing) {
  RandomStream random(5);
  std::string text;
  int64_t rows = 0;
  while (text.size() < 9'000'000) {
    const uint64_t kind = random.below(6);
    if (kind == 0) text += str_format("\"quoted\n{}\",\"x\"\"y\"\n", random.next_u32());
    if (kind == 1) text += "\r\n";
    if (kind > 1) text += str_format("{},{}\n", random.next_u32(), std::string(random.below(200), 'z'));
    rows += kind == 1 ? 0 : 1;
  }
  for (const int64_t block_bytes : {1000, 100'000, 50'000'000}) {
    int64_t position = 0, row = 0;
    for (const RecordBlock& block : index_records(TextFile(text), kCsv, false, block_bytes, 1 << 20).blocks) {
      EXPECT_EQ(block.first_row, row);
      EXPECT_GE(block.offset, position);
      row += block.rows;
      position = block.offset + block.bytes;
    }
    EXPECT_EQ(row, rows);
    EXPECT_EQ(position, static_cast<int64_t>(text.size()));
  }
}

}  // namespace
}  // namespace echelon::table
