#include "plan/table.h"

#include <gtest/gtest.h>

namespace echelon::plan {
namespace {

const Table kTable{"sizes", {"stage", "layers", "time"}, {{"0", "a … b", "1"}, {"10", "c", "2.50"}}, {1}};

TEST(Table, IsAlignedByCharacters) {
  EXPECT_EQ(to_text(kTable),
            "sizes\n"
            "  stage  layers  time\n"
            "      0  a … b      1\n"
            "     10  c       2.50\n");
}

TEST(Table, EscapesHtml) {
  EXPECT_EQ(to_html({"a < b", {"x"}, {{"1 & 2"}}, {}}),
            "<h2>a &lt; b</h2>\n<table>\n<tr><th>x</th></tr>\n<tr><td>1 &amp; 2</td></tr>\n</table>\n");
}

TEST(Numbers, HaveThreeSignificantDigits) {
  EXPECT_EQ(milliseconds(0.0123456), "12.3");
  EXPECT_EQ(milliseconds(1.23456), "1235");
  EXPECT_EQ(milliseconds(0), "0");
  EXPECT_EQ(short_seconds(85e-6), "85.0 µs");
  EXPECT_EQ(short_seconds(0.0123), "12.3 ms");
  EXPECT_EQ(short_seconds(2.5), "2.50 s");
  EXPECT_EQ(rate_text(6.41), "6.41");
  EXPECT_EQ(rate_text(1800), "1.80 k");
  EXPECT_EQ(percent(0.1234), "12.3 %");
}

}  // namespace
}  // namespace echelon::plan
