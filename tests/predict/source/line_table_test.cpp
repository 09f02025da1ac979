#include "predict/source/line_table.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "predict/support/memory_file.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<table::TableFile> open(const std::string& text, int64_t block_bytes = 1 << 20,
                                       int64_t max_line_bytes = 1 << 20) {
  return open_line_table(std::make_shared<MemoryFile>("x.txt", text), "text", block_bytes, max_line_bytes);
}

/// Of each row its text, or the problem of its block.
std::vector<std::string> rows_of(const table::TableFile& file) {
  const std::vector<std::string> columns{"text"};
  std::vector<std::string> rows;
  for (size_t block = 0; block < file.blocks().size(); ++block) {
    EXPECT_EQ(file.blocks()[block].first_row, static_cast<int64_t>(rows.size()));
    try {
      const table::Column texts = file.read(static_cast<int64_t>(block), columns)[0];
      EXPECT_EQ(texts.rows, file.blocks()[block].rows);
      for (int64_t row = 0; row < texts.rows; ++row) rows.emplace_back(texts.text(row));
    } catch (const DataError& error) {
      EXPECT_EQ(file.blocks()[block].rows, 1);
      rows.emplace_back(error.what());
    }
  }
  return rows;
}

TEST(LineTable, RowsAreLinesWhereverBlocksEnd) {
  for (const int64_t block_bytes : {1, 2, 3, 5, 1000}) {
    EXPECT_THAT(rows_of(*open("one\n\ntwo\r\nthree", block_bytes)), ElementsAre("one", "", "two", "three"));
    EXPECT_THAT(rows_of(*open("one\n\n", block_bytes)), ElementsAre("one", ""));
  }
  EXPECT_THAT(open("", 10)->blocks(), testing::IsEmpty());
}

TEST(LineTable, BlocksHoldWholeLinesOfAboutTheirSize) {
  const auto file = open("aa\nbb\ncc\ndd\n", 7);
  ASSERT_EQ(file->blocks().size(), 2u);
  EXPECT_EQ(file->blocks()[1].first_row, 2);
  EXPECT_EQ(file->blocks()[1].rows, 2);
}

TEST(LineTable, AByteOrderMarkIsNoText) {
  EXPECT_THAT(rows_of(*open("\xef\xbb\xbf"
                            "a\nb")),
              ElementsAre("a", "b"));
}

TEST(LineTable, OnlyTheLineThatIsNoUtf8CannotBeRead) {
  for (const int64_t block_bytes : {1, 4, 1000})
    EXPECT_THAT(rows_of(*open("\xc3\xa9\nb\xff\nc\n\xc3\nd", block_bytes)),
                ElementsAre("\xc3\xa9", "x.txt, line 2 is no UTF-8", "c", "x.txt, line 4 is no UTF-8", "d"));
}

TEST(LineTable, RefusesALineBeyondTheLimit) {
  EXPECT_THAT(rows_of(*open("a\n" + std::string(64, 'b') + "\nc", 4, 64)), testing::SizeIs(3));
  try {
    open("a\n" + std::string(300, 'b'), 4, 64);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.txt, line 2: more than 64 bytes"));
  }
}

}  // namespace
}  // namespace echelon::predict
