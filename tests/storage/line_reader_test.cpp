#include "storage/stream/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "common/random.h"
#include "storage/support/memory_store.h"

namespace echelon::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LineReader reader_of(const std::string& text, int64_t block = 5, int64_t max_bytes = 1 << 20) {
  return LineReader(
      open_stream(std::make_shared<MemoryFile>("x.jsonl", text), {.block_bytes = block, .blocks = 0}),
      max_bytes);
}

std::vector<std::string> lines_of(const std::string& text) {
  LineReader reader = reader_of(text);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.emplace_back(line->text);
  return lines;
}

TEST(LineReader, SplitsAtEveryKindOfEnd) {
  EXPECT_THAT(lines_of(""), ElementsAre());
  EXPECT_THAT(lines_of("a"), ElementsAre("a"));
  EXPECT_THAT(lines_of("a\nbc\n"), ElementsAre("a", "bc"));
  EXPECT_THAT(lines_of("a\r\n\n\nlonger than a block\r\rx\nend"),
              ElementsAre("a", "", "", "longer than a block\r\rx", "end"));
}

TEST(LineReader, CountsLinesAndOffsets) {
  LineReader reader = reader_of("ab\r\n\ncde");
  for (const auto& [number, offset] : {std::pair(1, 0), std::pair(2, 4), std::pair(3, 5)}) {
    const auto line = reader.next();
    ASSERT_TRUE(line);
    EXPECT_EQ(line->number, number);
    EXPECT_EQ(line->offset, offset);
  }
  EXPECT_FALSE(reader.next());
}

TEST(LineReader, AgreesWithGetlineOnRandomText) {
  RandomStream random(3);
  for (int round = 0; round < 50; ++round) {
    std::string text;
    for (uint64_t i = random.below(2'000'000 / (round % 2 == 0 ? 1000 : 1)); i > 0; --i)
      text += random.below(50) == 0 ? '\n' : 'x';
    LineReader reader = reader_of(text, 70'000);
    std::istringstream expected(text);
    std::string line;
    while (std::getline(expected, line)) {
      const auto got = reader.next();
      ASSERT_TRUE(got);
      ASSERT_EQ(got->text, line);
    }
    EXPECT_FALSE(reader.next());
  }
}

TEST(LineReader, RefusesEndlessLines) {
  LineReader reader = reader_of("short\n" + std::string(3'000'000, 'x'), 100'000, 1'000'000);
  EXPECT_EQ(reader.next()->text, "short");
  try {
    reader.next();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.jsonl, line 2 (offset 6)"));
  }
}

}  // namespace
}  // namespace echelon::storage
