#include "common/format.h"

#include <gtest/gtest.h>

#include <vector>

namespace echelon {
namespace {

TEST(Format, FillsAndAligns) {
  EXPECT_EQ(str_format("{} of {:>5.1f}, {:04}, {:g}", "a", 2.25, 7, 1e-5), "a of   2.2, 0007, 1e-05");
  EXPECT_EQ(str_format("{{}} {}", std::string_view("x")), "{} x");
}

TEST(Format, JoinsItems) {
  EXPECT_EQ(join(std::vector<int64_t>{1, 2, 3}), "1, 2, 3");
  EXPECT_EQ(join(std::vector<std::string>{"a", "a", ""}, "\n"), "a\na\n");
  EXPECT_EQ(join(std::vector<int>{}), "");
  EXPECT_EQ(format_shape(std::vector<int64_t>{2, 0, 3}), "[2, 0, 3]");
  EXPECT_EQ(format_shape({}), "[]");
}

TEST(Format, JoinOrNamesTheLastWithOr) {
  const std::vector<std::string> names = {"a", "b", "c"};
  EXPECT_EQ(join_or(names), "a, b or c");
  EXPECT_EQ(join_or(std::span(names).first(2)), "a or b");
  EXPECT_EQ(join_or(std::span(names).first(1)), "a");
  EXPECT_EQ(join_or({}), "");
}

TEST(HumanBytes, UsesBinaryPrefixes) {
  EXPECT_EQ(human_bytes(17), "17 B");
  EXPECT_EQ(human_bytes(320 * 1024), "320 KiB");
  EXPECT_EQ(human_bytes(1.5 * (1 << 30)), "1.50 GiB");
}

TEST(HumanCount, KeepsThreeDigits) {
  EXPECT_EQ(human_count(312), "312");
  EXPECT_EQ(human_count(10'800), "10.8 k");
  EXPECT_EQ(human_count(1'240'000), "1.24 M");
  EXPECT_EQ(human_count(1.558e9), "1.56 G");
}

TEST(HumanSeconds, ChoosesItsUnit) {
  EXPECT_EQ(human_seconds(0.035), "35 ms");
  EXPECT_EQ(human_seconds(12.4), "12.4 s");
  EXPECT_EQ(human_seconds(200), "3 m 20 s");
  EXPECT_EQ(human_seconds(3725), "1 h 02 m");
}

TEST(NearestName, FindsLikelySlipsOnly) {
  const std::vector<std::string> names = {"optimizer", "model", "data"};
  EXPECT_EQ(nearest_name("optimiser", names), "optimizer");
  EXPECT_EQ(nearest_name("Modle", names), "model");
  EXPECT_EQ(nearest_name("zebra", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
}  // namespace echelon
