#include "config/encoding.h"

#include <gtest/gtest.h>

namespace echelon::config {
namespace {

// Sequences from Markus Kuhn's "UTF-8 decoder capability and stress test" and table 3-7 of the Unicode
// standard.
TEST(Encoding, AcceptsWellFormedText) {
  for (const char* text : {"", "plain\ttext\r\n", "κόσμε", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
                           "\xf4\x8f\xbf\xbf", "\xc2\x80", "\xef\xbf\xbf"}) {
    EXPECT_FALSE(find_bad_character(text)) << text;
  }
}

TEST(Encoding, RefusesMalformedSequences) {
  for (const char* text :
       {"\x80", "\xbf", "\xfe", "\xff", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2",
        "\xe2\x82", "\xf0\x9f\x98", "\xe2\x28\xa1"}) {
    EXPECT_TRUE(find_bad_character(text)) << text;
  }
}

TEST(Encoding, PointsAtTheFirstBadByte) {
  const auto bad = find_bad_character("run: é\nname: a\xff\n");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->line, 2);
  EXPECT_EQ(bad->column, 8);
  EXPECT_EQ(bad->message, "not UTF-8 (byte 0xff); save the file as UTF-8");
}

TEST(Encoding, RefusesControlCharacters) {
  EXPECT_EQ(find_bad_character(std::string_view("a\0b", 3))->message, "control character 0x00; remove it");
  EXPECT_EQ(find_bad_character("a\x04")->column, 2);
  EXPECT_TRUE(find_bad_character("\x7f"));
}

}  // namespace
}  // namespace echelon::config
