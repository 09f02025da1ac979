#include "prepare/text/units.h"

#include <gmock/gmock.h>

#include <random>

namespace echelon::prepare {
namespace {

using Units = std::vector<std::vector<TextPart>>;

TextFile lines(const std::string& name, int64_t bytes) {
  return {.file = {name, bytes}, .divisible = true};
}

TextFile whole(const std::string& name, int64_t bytes) {
  return {.file = {name, bytes}};
}

/// "a[0:100] b[0:50] | a[100:200]"; the end of a file that is not divided is left out.
std::string describe(const Units& units) {
  std::string text;
  for (const auto& unit : units) {
    if (!text.empty()) text += "| ";
    for (const TextPart& part : unit) {
      text += part.path;
      if (part.range.end < std::numeric_limits<int64_t>::max())
        text += "[" + std::to_string(part.range.begin) + ":" + std::to_string(part.range.end) + "]";
      text += ' ';
    }
  }
  return text;
}

TEST(CutIntoUnits, DividesLargeFilesOfLines) {
  EXPECT_EQ(describe(cut_into_units({lines("a", 250)}, 100)), "a[0:100] | a[100:200] | a[200:250] ");
}

TEST(CutIntoUnits, TakesSmallFilesTogether) {
  EXPECT_EQ(describe(cut_into_units({whole("a", 40), whole("b", 60), whole("c", 1), whole("d", 500)}, 100)),
            "a b | c | d ");
  EXPECT_EQ(describe(cut_into_units({lines("a", 130), lines("b", 50), whole("c", 20)}, 100)),
            "a[0:100] | a[100:130] b[0:50] c ");
}

TEST(CutIntoUnits, DividesParquetAtRowGroups) {
  // A thousand bytes for a hundred rows: ten bytes a row.
  const TextFile table{.file = {"t", 1000}, .row_groups = {20, 20, 30, 30}};
  EXPECT_EQ(describe(cut_into_units({table}, 500)), "t[0:2] | t[2:3] | t[3:4] ");
  EXPECT_EQ(describe(cut_into_units({table}, 600)), "t[0:2] | t[2:4] ");
}

TEST(CutIntoUnits, OfNothingIsNothing) {
  EXPECT_EQ(describe(cut_into_units({}, 100)), "");
  EXPECT_EQ(describe(cut_into_units({lines("a", 0)}, 100)), "");
}

TEST(CutIntoUnits, CoversEveryByteOnceInOrder) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<TextFile> files;
    for (int i = 0; i < 5; ++i) files.push_back(lines(std::to_string(i), random() % 1000));
    const int64_t unit_bytes = 1 + random() % 400;
    int64_t file = 0, at = 0;
    for (const auto& unit : cut_into_units(files, unit_bytes)) {
      int64_t bytes = 0;
      for (const TextPart& part : unit) {
        while (at == files[file].file.bytes) {
          ++file;
          at = 0;
        }
        EXPECT_EQ(part.path, files[file].file.name);
        EXPECT_EQ(part.range.begin, at);
        EXPECT_GT(part.range.end, at);
        bytes += part.range.end - at;
        at = part.range.end;
      }
      EXPECT_LE(bytes, unit_bytes);
    }
    while (file < 5 && at == files[file].file.bytes) {
      ++file;
      at = 0;
    }
    EXPECT_EQ(file, 5);
  }
}

}  // namespace
}  // namespace echelon::prepare
