#include "tokenizer/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/error.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

using Matches = std::vector<std::string>;

Matches matches_of(const Pattern& pattern, const std::string& text) {
  Matches matches;
  pattern.find(text, [&](size_t start, size_t end) { matches.push_back(text.substr(start, end - start)); });
  return matches;
}

const char* const kKnown[] = {
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"(\p{N}{1,3})",
    "[一-龥\u3040-ゟ゠-ヿ]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
    "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"};

/// What the known patterns tell apart.
std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> parts = {
      "a",      "b",      "s",      "S",      "t",      "re",     "LL",         "é",         "ſ",  "ß",
      "И",      "ǅ",      "ʰ",      "一",     "ぁ",     "ー",     "\u0301",     "\u0308",    "1",  "2",
      "٣",      "½",      "Ⅷ",      " ",      " ",      " ",      "\n",         "\r\n",      "\t", "\u00a0",
      "\u2003", "\u3000", "\u0085", "'",      "'",      "’",      "!",          "/",         "-",  "_",
      "€",      "😀",      "\u200b", "\u0001", "\u180e", "\ufeff", "\U000e0001", "\U000f0000"};
  std::string text;
  for (size_t length = random() % 24; length > 0; --length) text += parts[random() % parts.size()];
  return text;
}

TEST(Scanners, MatchWhatTheirPatternsMatch) {
  std::mt19937 random(1);
  for (const char* const regex : kKnown) {
    const auto scanner = make_scanner(regex), general = make_general_pattern(regex);
    ASSERT_TRUE(scanner) << regex;
    for (int i = 0; i < 4000; ++i) {
      const std::string text = random_text(random);
      ASSERT_EQ(matches_of(*scanner, text), matches_of(*general, text)) << regex << "\n" << text;
    }
  }
}

// tiktoken's way to write them, which differs where text ends.
TEST(Scanners, KeepBlanksAtTheEndTogether) {
  const auto tiktoken = make_pattern(
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)");
  EXPECT_EQ(matches_of(*tiktoken, "a \n  "), (Matches{"a", " \n  "}));
  EXPECT_EQ(matches_of(*tiktoken, "a \n  b"), (Matches{"a", " \n", " ", " b"}));
  EXPECT_EQ(matches_of(*make_pattern(kKnown[1]), "a \n  "), (Matches{"a", " \n", "  "}));
}

TEST(Scanners, AreKnownByTheirExactText) {
  EXPECT_FALSE(make_scanner(std::string(kKnown[0]) + "|x"));
  EXPECT_FALSE(make_scanner(""));
}

TEST(GeneralPattern, MeansWhatTheReferenceMeans) {
  EXPECT_EQ(matches_of(*make_pattern(R"(\s+)"), "a\u180e \u0085b"), (Matches{" \u0085"}));
  EXPECT_EQ(matches_of(*make_pattern(R"([^\s]+)"), "a\u180e \u0085b"), (Matches{"a\u180e", "b"}));
  EXPECT_EQ(matches_of(*make_pattern(R"(\w+)"), "naïve_1 e\u0301!"), (Matches{"naïve_1", "e\u0301"}));
  EXPECT_EQ(matches_of(*make_pattern(R"(\P{L}+)"), "a1!b"), (Matches{"1!"}));
  EXPECT_EQ(matches_of(*make_pattern(R"(\p{^L}+)"), "a1!b"), (Matches{"1!"}));
  EXPECT_EQ(matches_of(*make_pattern(R"(^b$)"), "a\nb\nc"), (Matches{"b"}));
  // U+A7CB is a letter since Unicode 16, which the reference follows and PCRE2 may not know.
  EXPECT_EQ(matches_of(*make_pattern(R"(\p{Lu}+)"), "A\uA7CB!"), (Matches{"A\uA7CB"}));
  EXPECT_EQ(matches_of(*make_pattern(R"([^\p{L}]+)"), "A\uA7CB!"), (Matches{"!"}));
}

TEST(GeneralPattern, RefusesWhatMeansSomethingElse) {
  for (const char* const regex : {R"(\h)", R"(a{1,2}+)", R"([a-z&&[^b]])", R"([[:alpha:]])", R"((?m:.))",
                                  R"(\R)", R"([\S])", R"((*LIMIT_MATCH=1)a)", "a*", "(", "[", "\\", R"(\p{L)",
                                  R"(\pL)", R"((?<n>a))", R"((a)\1)", R"(\Qa\E)", R"(\X)"}) {
    try {
      make_pattern(regex);
      ADD_FAILURE() << regex << " is accepted";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(regex));
    }
  }
}

TEST(GeneralPattern, GivesUpOnEndlessBacktracking) {
  const auto pattern = make_pattern(R"((?:a|aa)+$)");
  EXPECT_THROW(matches_of(*pattern, std::string(5000, 'a') + "b"), DataError);
}

TEST(Literal, FindsOccurrencesThatDoNotOverlap) {
  EXPECT_EQ(matches_of(*make_literal("aa"), "aaabaa"), (Matches{"aa", "aa"}));
  EXPECT_EQ(matches_of(*make_literal("."), "a.b"), (Matches{"."}));
}

}  // namespace
}  // namespace echelon::tokenizer
