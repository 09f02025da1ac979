#include "tokenizer/utf8.h"

#include <gtest/gtest.h>

namespace echelon::tokenizer {
namespace {

// Unicode 15, table 3-7, and the sequences it excludes.
TEST(FirstInvalidUtf8, FollowsTheStandard) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(first_invalid_utf8(good), std::string_view(good).size());
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(first_invalid_utf8(std::string("ab") + bad), 2U);
    EXPECT_EQ(first_invalid_utf8(std::string("abcdefgh") + bad + "abcdefgh"), 8U);
  }
}

// The Unicode Standard 15, tables 3-8 to 3-11.
TEST(ReplaceInvalidUtf8, ReplacesMaximalParts) {
  const std::string r = "\ufffd";
  EXPECT_EQ(replace_invalid_utf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(replace_invalid_utf8("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("naïve 一"), "naïve 一");
}

TEST(CodePoints, GoThereAndBack) {
  for (uint32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xd800 && point < 0xe000) continue;
    std::string text;
    append_utf8(text, point);
    ASSERT_EQ(first_invalid_utf8(text), text.size());
    ASSERT_EQ(character_length(text[0]), text.size());
    const char* at = text.data();
    ASSERT_EQ(next_code_point(at), point);
    ASSERT_EQ(at, text.data() + text.size());
    ASSERT_EQ(previous_character(at), text.data());
  }
}

}  // namespace
}  // namespace echelon::tokenizer
