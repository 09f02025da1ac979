#include "tokenizer/normalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"

namespace echelon::tokenizer {
namespace {

// Unicode Standard Annex 15, figures 3 to 6.
TEST(NormalForm, FollowsTheAnnex) {
  const auto all = [](std::string_view text) {
    return std::vector<std::string>{
        to_normal_form(text, NormalForm::kNfd), to_normal_form(text, NormalForm::kNfc),
        to_normal_form(text, NormalForm::kNfkd), to_normal_form(text, NormalForm::kNfkc)};
  };
  using Forms = std::vector<std::string>;
  EXPECT_EQ(all("\u212b"), (Forms{"A\u030a", "\u00c5", "A\u030a", "\u00c5"}));
  EXPECT_EQ(all("\u00f4"), (Forms{"o\u0302", "\u00f4", "o\u0302", "\u00f4"}));
  EXPECT_EQ(all("\u1e69"), (Forms{"s\u0323\u0307", "\u1e69", "s\u0323\u0307", "\u1e69"}));
  EXPECT_EQ(all("\u1e0b\u0323"), (Forms{"d\u0323\u0307", "\u1e0d\u0307", "d\u0323\u0307", "\u1e0d\u0307"}));
  EXPECT_EQ(all("q\u0307\u0323"),
            (Forms{"q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307"}));
  EXPECT_EQ(all("\ufb01"), (Forms{"\ufb01", "\ufb01", "fi", "fi"}));
  EXPECT_EQ(all("2\u2075"), (Forms{"2\u2075", "2\u2075", "25", "25"}));
  EXPECT_EQ(all("\u1e9b\u0323"), (Forms{"\u017f\u0323\u0307", "\u1e9b\u0323", "s\u0323\u0307", "\u1e69"}));
}

// U+32FF and U+11938 came with Unicode 12.1 and 13, which the reference's normal forms do not know.
TEST(NormalForm, LeavesAloneWhatTheReferenceDoesNotKnow) {
  EXPECT_EQ(to_normal_form("a\u32ff\u0301e\u0301", NormalForm::kNfkc), "a\u32ff\u0301\u00e9");
  EXPECT_EQ(to_normal_form("\U00011935\U00011930", NormalForm::kNfc), "\U00011935\U00011930");
  EXPECT_EQ(to_normal_form("\U00011938", NormalForm::kNfd), "\U00011938");
}

TEST(BertNormalizer, LeavesUnassignedCodePoints) {
  const auto normalizer = bert_normalizer({});
  EXPECT_EQ(normalizer->normalise("A\u0378\U000e0fff\u0007\u00ad\ue000B"), "a\u0378\U000e0fffb");
  EXPECT_EQ(normalizer->normalise("É\t京x"), "e  京 x");
  EXPECT_EQ(bert_normalizer({.lowercase = false})->normalise("É"), "E");
  EXPECT_EQ(bert_normalizer({.strip_accents = false})->normalise("É"), "é");
}

TEST(Charsmap, RefusesWhatIsNoTable) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {""s, "abc"s, "\xff\xff\xff\xff"s + "abcdefgh", "\x03\0\0\0abcdefg"s, "\0\0\0\0abcd"s}) {
    EXPECT_THROW(Charsmap{bytes}, DataError);
  }
}

// Tables of random bytes: nothing is read that is not there.
TEST(Charsmap, BearsAnyTrie) {
  uint64_t state = 1;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = {32, 0, 0, 0};
    for (int i = 0; i < 40; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      bytes.push_back(static_cast<char>(state >> (round % 2 == 0 ? 56 : 62)));
    }
    try {
      Charsmap(bytes).normalise("abc\x01\x02\x03 é e\u0301");
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("precompiled_charsmap"));
    }
  }
}

TEST(Normalizers, TakeTextThatIsAlreadyNormal) {
  Normalizers steps;
  steps.push_back(normal_form(NormalForm::kNfc));
  std::string storage;
  const std::string text = "within ASCII";
  EXPECT_EQ(normalise_by_all(steps, text, storage).data(), text.data());
}

}  // namespace
}  // namespace echelon::tokenizer
