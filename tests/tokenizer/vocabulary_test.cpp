#include "tokenizer/vocabulary.h"

#include <gtest/gtest.h>

#include "common/format.h"
#include "tokenizer/trie.h"

namespace echelon::tokenizer {
namespace {

TEST(Vocabulary, FindsBothWays) {
  Vocabulary vocabulary;
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_TRUE(vocabulary.add(str_format("token{}", i), 3 * i));
  EXPECT_EQ(vocabulary.size(), 5000);
  EXPECT_EQ(vocabulary.limit(), 3 * 4999 + 1);
  for (uint32_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(vocabulary.find(str_format("token{}", i)), 3 * i);
    ASSERT_EQ(vocabulary.token(3 * i), str_format("token{}", i));
  }
  EXPECT_FALSE(vocabulary.find("token").has_value());
  EXPECT_FALSE(vocabulary.token(1).has_value());
}

TEST(Vocabulary, RefusesContradictions) {
  Vocabulary vocabulary;
  EXPECT_FALSE(vocabulary.find("").has_value());
  EXPECT_TRUE(vocabulary.add("a", 1));
  EXPECT_TRUE(vocabulary.add("a", 1));
  EXPECT_FALSE(vocabulary.add("a", 2));
  EXPECT_FALSE(vocabulary.add("b", 1));
  EXPECT_EQ(vocabulary.size(), 1);
  EXPECT_TRUE(vocabulary.add("", 0x7fffffff));
  EXPECT_EQ(vocabulary.find(""), 0x7fffffff);
}

TEST(Trie, FindsTheLongestPrefix) {
  Trie trie;
  for (uint32_t i = 0; i < 1000; ++i) trie.add(str_format("<{}", i), i);
  trie.add("<12", 5000);  // the last holds
  EXPECT_EQ(trie.longest_prefix("<12>")->value, 5000);
  EXPECT_EQ(trie.longest_prefix("<1234")->length, 4);
  EXPECT_EQ(trie.longest_prefix("<1234")->value, 123);
  EXPECT_FALSE(trie.longest_prefix("12").has_value());
  EXPECT_FALSE(trie.longest_prefix("").has_value());
  EXPECT_FALSE(trie.longest_prefix("<").has_value());
}

}  // namespace
}  // namespace echelon::tokenizer
