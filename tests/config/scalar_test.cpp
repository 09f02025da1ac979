#include "config/scalar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace echelon::config {
namespace {

// The tokens of YAML 1.2.2, example 10.9, and their neighbours.
TEST(Scalar, TellsNumbersFromText) {
  for (const char* text : {"0", "-0", "3", "-19", "+12", "0.", "-0.0", ".5", "+12e03", "-2E+05", "12.3e-4",
                           "0o7", "0x3A", ".inf", "-.Inf", "+.INF", ".NaN"}) {
    EXPECT_TRUE(looks_like_number(text)) << text;
  }
  for (const char* text : {"", ".", "-", "e3", "1e", "1e+", "1_000", "1,5", "0x", "0o8", "1.2.3", "inf",
                           "nan", "--1", "1 ", "Infinity", "+.nan"}) {
    EXPECT_FALSE(looks_like_number(text)) << text;
  }
}

TEST(Scalar, ReadsIntegers) {
  EXPECT_EQ(to_integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(to_integer("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(to_integer("+7"), 7);
  EXPECT_EQ(to_integer("007"), 7);
  for (const char* text : {"9223372036854775808", "1.0", "1e3", "0x10", "", "+", "+-1"})
    EXPECT_FALSE(to_integer(text));
}

TEST(Scalar, ReadsNumbers) {
  EXPECT_EQ(to_number("3e-4"), 3e-4);
  EXPECT_EQ(to_number("+.5"), 0.5);
  EXPECT_EQ(to_number("1."), 1.0);
  EXPECT_EQ(to_number("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_number("-1e400"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_number("1e-400"), 0.0);
  EXPECT_EQ(to_number("-.inf"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*to_number(".nan")));
  EXPECT_FALSE(to_number("0x10"));
}

TEST(Scalar, WritesTheShortestTextThatReadsBack) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1e-8), "1e-08");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "-.inf");
  for (const double value : {0.1 + 0.2, 1e300, 5e-324, -1.0 / 3.0})
    EXPECT_EQ(to_number(number_text(value)), value);
}

}  // namespace
}  // namespace echelon::config
