#include "tokenizer/added_tokens.h"

#include <gtest/gtest.h>

#include "common/format.h"

namespace echelon::tokenizer {
namespace {

std::vector<std::string> split(const AddedTokens& tokens, std::string_view text) {
  std::vector<std::string> parts;
  tokens.split(
      text, [&](uint32_t id) { parts.push_back(str_format("#{}", id)); },
      [&](std::string_view rest) { parts.emplace_back(rest); });
  return parts;
}

using Parts = std::vector<std::string>;

TEST(AddedTokens, TakesTheLongestOfTheFirst) {
  AddedTokens tokens;
  uint32_t id = 0;
  for (const char* content : {"<a>", "<a>b", "<", "bc"})
    tokens.add(content, {.content = content, .id = ++id});
  EXPECT_EQ(split(tokens, "x<a>bc<a>"), (Parts{"x", "#2", "c", "#1"}));
  EXPECT_EQ(split(tokens, "<<abc"), (Parts{"#3", "#3", "a", "#4"}));
  EXPECT_EQ(split(tokens, ""), (Parts{}));
}

TEST(AddedTokens, TakesBlanksAlong) {
  AddedTokens tokens;
  tokens.add("[L]", {.content = "[L]", .id = 1, .lstrip = true});
  tokens.add("[R]", {.content = "[R]", .id = 2, .rstrip = true});
  EXPECT_EQ(split(tokens, "a \u3000[L] b"), (Parts{"a", "#1", " b"}));
  EXPECT_EQ(split(tokens, "a [R] \n [L]b"), (Parts{"a ", "#2", "#1", "b"}));
  EXPECT_EQ(split(tokens, "[R] "), (Parts{"#2"}));
}

TEST(AddedTokens, MayHaveToStandAlone) {
  AddedTokens tokens;
  tokens.add("ab", {.content = "ab", .id = 1, .single_word = true});
  EXPECT_EQ(split(tokens, "ab cab ab1 (ab) éab abé"), (Parts{"#1", " cab ab1 (", "#1", ") éab abé"}));
}

}  // namespace
}  // namespace echelon::tokenizer
