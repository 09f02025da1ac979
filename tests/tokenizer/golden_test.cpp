// Every kind of tokenizer gives what the reference gives: ids and texts from golden/make_tokenizer.py.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/file.h"
#include "tokenizer/golden.h"
#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {
namespace {

using nlohmann::json;
using Ids = std::vector<uint32_t>;

class Golden : public testing::TestWithParam<const char*> {
 protected:
  Golden()
      : tokenizer_(load_tokenizer(golden_path(GetParam()))),
        cases_(json::parse(read_file(golden_path(stem() + ".ids.json")))) {}
  static std::string stem() { return fs::path(GetParam()).stem().string(); }

  std::unique_ptr<Tokenizer> tokenizer_;
  json cases_;
};

TEST_P(Golden, GivesTheIdsOfTheReference) {
  ASSERT_GT(cases_.size(), 60);
  for (const json& example : cases_) {
    const auto text = example["text"].get<std::string>();
    EXPECT_EQ(tokenizer_->encode(text), example["ids"].get<Ids>()) << example["text"];
    if (example.contains("special_ids")) {
      EXPECT_EQ(tokenizer_->encode(text, true), example["special_ids"].get<Ids>()) << example["text"];
    }
  }
}

TEST_P(Golden, GivesTheTextOfTheReference) {
  for (const json& example : cases_) {
    const json& expected = example.contains("decoded") ? example["decoded"] : example["text"];
    EXPECT_EQ(tokenizer_->decode(example["ids"].get<Ids>()), expected.get<std::string>()) << example["text"];
    if (example.contains("decoded_special")) {
      EXPECT_EQ(tokenizer_->decode(example["special_ids"].get<Ids>(), false),
                example["decoded_special"].get<std::string>())
          << example["text"];
    }
  }
}

TEST_P(Golden, GivesTheSameToManyThreads) {
  std::vector<std::string> texts;
  for (int repeat = 0; repeat < 5; ++repeat) {
    for (const json& example : cases_) texts.push_back(example["text"]);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto ids = tokenizer_->encode_batch(views, 4);
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(ids[i], cases_[i % cases_.size()]["ids"].get<Ids>());
}

TEST_P(Golden, KnowsItsTokens) {
  for (uint32_t id = 0; id < tokenizer_->vocabulary(); ++id) {
    const auto token = tokenizer_->id_to_token(id);
    ASSERT_TRUE(token.has_value()) << id;
    if (*token == "bound") continue;  // "BOUND", shown normalised as in the reference
    EXPECT_EQ(tokenizer_->token_to_id(*token), id) << *token;
  }
  EXPECT_FALSE(tokenizer_->id_to_token(static_cast<uint32_t>(tokenizer_->vocabulary())).has_value());
  EXPECT_FALSE(tokenizer_->token_to_id("no token at all").has_value());
}

INSTANTIATE_TEST_SUITE_P(Kinds, Golden,
                         testing::Values("plain.json", "prefix_space.json", "one_word.json", "cl100k.json",
                                         "qwen.json", "o200k.json", "deepseek.json", "clip.json",
                                         "llama.json", "metaspace.json", "behaviors.json", "word_piece.json",
                                         "unigram.json", "sentence_piece.model", "tekken.json"),
                         [](const auto& info) { return fs::path(info.param).stem().string(); });

TEST(SpecialIds, AreThoseOfTheFile) {
  EXPECT_EQ(load_tokenizer(golden_path("word_piece.json"))->special_ids().size(), 5);
  EXPECT_EQ(load_tokenizer(golden_path("plain.json"))->special_ids(), Ids{0});
  EXPECT_EQ(load_tokenizer(golden_path("sentence_piece.model"))->special_ids(), (Ids{0, 1, 2}));
  EXPECT_EQ(load_tokenizer(golden_path("tekken.json"))->special_ids().size(), 30);
}

}  // namespace
}  // namespace echelon::tokenizer
