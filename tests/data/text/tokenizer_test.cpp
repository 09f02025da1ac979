#include "data/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "data/support/golden.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TokenizerGolden : public testing::TestWithParam<const char*> {};

// Ids of the `tokenizers` library, made by golden/make_tokenizer.py.
TEST_P(TokenizerGolden, GivesTheIdsOfTheReference) {
  const auto tokenizer = load_tokenizer(golden_path(str_format("tokenizer_{}.json", GetParam())));
  const json cases = json::parse(read_file(golden_path(str_format("tokenizer_{}.ids.json", GetParam()))));
  ASSERT_GT(cases.size(), 50);
  for (const json& example : cases) {
    EXPECT_EQ(tokenizer->encode(example["text"].get<std::string>()),
              example["ids"].get<std::vector<uint32_t>>())
        << example["text"];
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizerGolden, testing::Values("plain", "prefix_space", "one_word"));

class TokenizerFileTest : public testing::Test {
 protected:
  TokenizerFileTest() : file_(json::parse(read_file(golden_path("tokenizer_plain.json")))) {}
  std::string refusal(const std::string& text) {
    write_bytes(folder_ / "tokenizer.json", text);
    try {
      load_tokenizer(folder_ / "tokenizer.json");
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("tokenizer.json"));
      return error.what();
    }
    return "accepted";
  }
  std::string refusal_with(const std::string& pointer, const json& value) {
    json changed = file_;
    changed[json::json_pointer(pointer)] = value;
    return refusal(changed.dump());
  }
  json file_;
  TemporaryFolder folder_;
};

TEST_F(TokenizerFileTest, RefusesByNameWhatItDoesNotKnow) {
  EXPECT_EQ(refusal(file_.dump()), "accepted");
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "NFC"}}),
              HasSubstr("normalizer: {\"type\":\"NFC\"} is not supported"));
  EXPECT_THAT(refusal_with("/truncation", {{"max_length", 5}}), HasSubstr("truncation"));
  EXPECT_THAT(refusal_with("/padding", {{"strategy", "BatchLongest"}}), HasSubstr("padding"));
  EXPECT_THAT(refusal_with("/pre_tokenizer/type", "Metaspace"), HasSubstr("Metaspace"));
  EXPECT_THAT(refusal_with("/pre_tokenizer/novel", 1), HasSubstr("key \"novel\" of pre_tokenizer"));
  EXPECT_THAT(refusal_with("/post_processor/type", "TemplateProcessing"), HasSubstr("post_processor"));
  EXPECT_THAT(refusal_with("/decoder/type", "WordPiece"), HasSubstr("decoder"));
  EXPECT_THAT(refusal_with("/model/type", "Unigram"), HasSubstr("model.type: \"Unigram\""));
  EXPECT_THAT(refusal_with("/model/dropout", 0.1), HasSubstr("model.dropout: 0.1"));
  EXPECT_THAT(refusal_with("/model/end_of_word_suffix", "</w>"), HasSubstr("model.end_of_word_suffix"));
  EXPECT_THAT(refusal_with("/model/novel", true), HasSubstr("key \"novel\" of model"));
  EXPECT_THAT(refusal_with("/novel", true), HasSubstr("key \"novel\" of the file"));
  EXPECT_THAT(refusal_with("/version", "2.0"), HasSubstr("version"));
  EXPECT_THAT(refusal_with("/added_tokens/0/lstrip", true),
              HasSubstr("added_tokens \"<|endoftext|>\".lstrip"));
}

TEST_F(TokenizerFileTest, RefusesWhatContradictsItself) {
  EXPECT_THAT(refusal("{"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("pre_tokenizer"));
  EXPECT_THAT(refusal_with("/model/merges/0", "a b c"), HasSubstr("model.merges"));
  EXPECT_THAT(refusal_with("/model/merges/0", {"zz", "qq"}), HasSubstr("not in model.vocab"));
  EXPECT_THAT(refusal_with("/model/vocab/a", -1), HasSubstr("model.vocab \"a\""));
  EXPECT_THAT(refusal_with("/model/vocab/a", 5'000'000'000), HasSubstr("model.vocab \"a\""));
  EXPECT_THAT(refusal_with("/model/vocab/a", file_["model"]["vocab"]["b"]), HasSubstr("to two tokens"));
  EXPECT_THAT(refusal_with("/added_tokens/0/id", 5), HasSubstr("contradicts"));
  json without_a = file_;
  without_a["model"]["vocab"].erase("!");
  EXPECT_THAT(refusal(without_a.dump()), HasSubstr("lacks \"!\", which stands for byte 33"));
}

TEST_F(TokenizerFileTest, ReadsMergesAsText) {
  json older = file_;
  for (json& merge : older["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  older["model"].erase("type");
  EXPECT_EQ(refusal(older.dump()), "accepted");
  const auto tokenizer = load_tokenizer(folder_ / "tokenizer.json");
  EXPECT_EQ(tokenizer->encode("the thing"),
            load_tokenizer(golden_path("tokenizer_plain.json"))->encode("the thing"));
}

TEST(Tokenizer, KnowsItsVocabulary) {
  const json file = json::parse(read_file(golden_path("tokenizer_plain.json")));
  const auto tokenizer = load_tokenizer(golden_path("tokenizer_plain.json"));
  EXPECT_EQ(tokenizer->vocabulary(),
            static_cast<int64_t>(file["model"]["vocab"].size() + 2));  // two added tokens are new
}

TEST(Tokenizer, TakesLongWordsInItsStride) {
  const auto tokenizer = load_tokenizer(golden_path("tokenizer_one_word.json"));
  EXPECT_GT(tokenizer->encode(std::string(1 << 20, 't')).size(), 0);
  const auto words = load_tokenizer(golden_path("tokenizer_plain.json"));
  EXPECT_GT(words->encode(std::string(1 << 20, ' ') + "x").size(), 0);
}

TEST(Tokenizer, NamesTheByteThatIsNoUtf8) {
  const auto tokenizer = load_tokenizer(golden_path("tokenizer_plain.json"));
  try {
    tokenizer->encode("abc\xff");
    FAIL() << "no UTF-8";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "byte 3 is no valid UTF-8");
  }
}

// Unicode 15, table 3-7, and the sequences it excludes.
TEST(FirstInvalidUtf8, FollowsTheStandard) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(first_invalid_utf8(good), std::string_view(good).size());
  }
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(first_invalid_utf8(std::string("ab") + bad), 2U);
  }
}

}  // namespace
}  // namespace echelon::data
