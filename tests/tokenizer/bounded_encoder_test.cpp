#include "tokenizer/bounded_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "tokenizer/golden.h"

namespace echelon::tokenizer {
namespace {

using Ids = std::vector<uint32_t>;

class BoundedEncoderTest : public testing::Test {
 protected:
  BoundedEncoderTest() : tokenizer_(load_tokenizer(golden_path("word_piece.json"))) {
    const Ids around = tokenizer_->encode("", /*add_special_tokens=*/true);  // [CLS] [SEP]
    first_ = around.at(0);
    last_ = around.at(1);
  }
  std::unique_ptr<Tokenizer> tokenizer_;
  uint32_t first_ = 0, last_ = 0;
};

TEST_F(BoundedEncoderTest, ShortTextsAreTheTokenizers) {
  for (const std::string text : {"", "a", "the cat"})
    EXPECT_EQ(BoundedEncoder(*tokenizer_, 64).encode(text), tokenizer_->encode(text, true)) << text;
}

// What tokenizers' enable_truncation(n) gives: n - 2 of the text's tokens between [CLS] and [SEP].
TEST_F(BoundedEncoderTest, LongTextsLoseTheirEnd) {
  const std::string text = "the cat sat on the mat and looked at the other cat";
  const Ids own = tokenizer_->encode(text);
  ASSERT_GT(own.size(), 12);
  for (size_t most = 3; most <= own.size() + 2; ++most) {
    Ids expected(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(most - 2));
    expected.insert(expected.begin(), first_);
    expected.push_back(last_);
    EXPECT_EQ(BoundedEncoder(*tokenizer_, most).encode(text), expected);
  }
}

TEST_F(BoundedEncoderTest, RoomForNoTextIsRefused) {
  EXPECT_THAT(
      [&] { BoundedEncoder(*tokenizer_, 2); },
      testing::ThrowsMessage<ConfigError>(testing::HasSubstr("no room for a text beside 2 special ones")));
}

}  // namespace
}  // namespace echelon::tokenizer
