#include "predict/plan.h"

#include <gtest/gtest.h>

namespace echelon::predict {
namespace {

SourceFile file(const std::string& name, int64_t bytes, std::vector<int64_t> rows) {
  return {.file = {name, bytes, "1"}, .block_rows = std::move(rows)};
}

std::vector<std::vector<std::vector<int64_t>>> as_numbers(const std::vector<std::vector<SourcePart>>& units) {
  std::vector<std::vector<std::vector<int64_t>>> numbers;
  for (const auto& unit : units) {
    numbers.emplace_back();
    for (const SourcePart& part : unit)
      numbers.back().push_back({static_cast<int64_t>(part.file), part.begin, part.end});
  }
  return numbers;
}

using Units = std::vector<std::vector<std::vector<int64_t>>>;

TEST(CutIntoUnits, DividesLargeFilesBetweenBlocks) {
  const auto units = cut_into_units({file("a", 400, {10, 10, 10, 10})}, {.bytes = 200, .rows = 1000});
  EXPECT_EQ(as_numbers(units), (Units{{{0, 0, 20}}, {{0, 20, 40}}}));
}

TEST(CutIntoUnits, TakesSmallFilesTogether) {
  const auto units = cut_into_units({file("a", 50, {5}), file("b", 60, {5}), file("c", 100, {9})},
                                    {.bytes = 120, .rows = 1000});
  EXPECT_EQ(as_numbers(units), (Units{{{0, 0, 5}, {1, 0, 5}}, {{2, 0, 9}}}));
}

TEST(CutIntoUnits, ABlockIsDividedByItsRowsAlone) {
  const auto units =
      cut_into_units({file("a", 1000, {1, 99}), file("b", 10, {1})}, {.bytes = 20, .rows = 1000});
  EXPECT_EQ(as_numbers(units), (Units{{{0, 0, 1}}, {{0, 1, 100}}, {{1, 0, 1}}}));
  const auto rows = cut_into_units({file("a", 10, {25, 3})}, {.bytes = 1000, .rows = 10});
  EXPECT_EQ(as_numbers(rows), (Units{{{0, 0, 10}}, {{0, 10, 20}}, {{0, 20, 28}}}));
}

TEST(CutIntoUnits, AFileWithoutRowsHasAPlace) {
  SourceFile unreadable{.file = {"bad", 10, "1"}, .problem = "damaged"};
  const auto units =
      cut_into_units({file("a", 10, {1}), unreadable, file("empty", 0, {})}, {.bytes = 100, .rows = 1000});
  EXPECT_EQ(as_numbers(units), (Units{{{0, 0, 1}, {1, 0, 0}, {2, 0, 0}}}));
}

}  // namespace
}  // namespace echelon::predict
