#include "tokenizer/word_cache.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace echelon::tokenizer {
namespace {

using Ids = std::vector<uint32_t>;

/// Any function of the word's bytes and length.
Ids ids_of(std::string_view word) {
  Ids ids;
  for (size_t i = 0; i < word.size() % 10; ++i) ids.push_back(static_cast<uint32_t>(i * 1000 + word[i]));
  for (const char byte : word) ids[0] = ids[0] * 31 + static_cast<uint8_t>(byte);
  return ids;
}

TEST(WordCache, GivesWhatItWasGiven) {
  WordCache cache;
  std::mt19937 random(5);
  int encoded = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string word(1 + random() % 40, 'a');
    for (char& byte : word) byte = static_cast<char>("ab\0"[random() % 3]);
    if (word.size() % 10 == 0) word.push_back('c');
    Ids ids = {1, 2};
    cache.append(word, ids, [&](Ids& to) {
      ++encoded;
      const Ids made = ids_of(word);
      to.insert(to.end(), made.begin(), made.end());
    });
    Ids expected = ids_of(word);
    expected.insert(expected.begin(), {1, 2});
    ASSERT_EQ(ids, expected) << word;
  }
  EXPECT_LT(encoded, 190'000);  // some were known
}

}  // namespace
}  // namespace echelon::tokenizer
