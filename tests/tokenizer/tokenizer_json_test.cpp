#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/file.h"
#include "temporary_folder.h"
#include "tokenizer/golden.h"
#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class TokenizerFileTest : public testing::Test {
 protected:
  TokenizerFileTest() : file_(json::parse(read_file(golden_path("plain.json")))) {}
  std::string refusal(const std::string& text) {
    write_file_atomically(folder_ / "tokenizer.json", text);
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
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "NFX"}}),
              HasSubstr("normalizer: {\"type\":\"NFX\"} is not supported"));
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "NFC"}, {"novel", 1}}),
              HasSubstr("key \"novel\" of normalizer"));
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "NFX"}}}}}),
              HasSubstr("normalizer.normalizers[0]"));
  EXPECT_THAT(
      refusal_with("/normalizer", {{"type", "Replace"}, {"pattern", {{"Regex", "a\\h"}}}, {"content", ""}}),
      HasSubstr("the pattern a\\h is not supported"));
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "!"}}),
              HasSubstr("no base64"));
  EXPECT_THAT(refusal_with("/pre_tokenizer/type", "UnicodeScripts"), HasSubstr("UnicodeScripts"));
  EXPECT_THAT(refusal_with("/pre_tokenizer/novel", 1), HasSubstr("key \"novel\" of pre_tokenizer"));
  EXPECT_THAT(refusal_with("/pre_tokenizer/use_regex", 1),
              HasSubstr("pre_tokenizer.use_regex: 1 is neither"));
  EXPECT_THAT(refusal_with("/post_processor/type", "Novel"), HasSubstr("post_processor"));
  EXPECT_THAT(refusal_with("/decoder/type", "Novel"), HasSubstr("decoder"));
  EXPECT_THAT(refusal_with("/model/type", "WordLevel"),
              HasSubstr("model.type: \"WordLevel\" is not supported"));
  EXPECT_THAT(refusal_with("/model/dropout", 0.1), HasSubstr("model.dropout: 0.1"));
  EXPECT_THAT(refusal_with("/model/novel", true), HasSubstr("key \"novel\" of model"));
  EXPECT_THAT(refusal_with("/novel", true), HasSubstr("key \"novel\" of the file"));
  EXPECT_THAT(refusal_with("/version", "2.0"), HasSubstr("version"));
  EXPECT_THAT(refusal_with("/truncation", {{"novel", 5}}), HasSubstr("truncation"));
  EXPECT_THAT(refusal_with("/padding", 7), HasSubstr("padding"));
}

TEST_F(TokenizerFileTest, LeavesLengthsToOthers) {
  file_["truncation"] = {
      {"direction", "Right"}, {"max_length", 2}, {"strategy", "LongestFirst"}, {"stride", 0}};
  file_["padding"] = {
      {"strategy", {{"Fixed", 9}}}, {"direction", "Right"}, {"pad_to_multiple_of", nullptr}, {"pad_id", 0},
      {"pad_type_id", 0},           {"pad_token", "x"}};
  ASSERT_EQ(refusal(file_.dump()), "accepted");
  EXPECT_EQ(load_tokenizer(folder_ / "tokenizer.json")->encode("the thing is it"),
            load_tokenizer(golden_path("plain.json"))->encode("the thing is it"));
}

TEST_F(TokenizerFileTest, RefusesWhatContradictsItself) {
  EXPECT_THAT(refusal("{"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("model"));
  EXPECT_THAT(refusal_with("/model/merges/0", "a b c"), HasSubstr("model.merges[0]"));
  EXPECT_THAT(refusal_with("/model/merges/0", {"zz", "qq"}), HasSubstr("not in model.vocab"));
  EXPECT_THAT(refusal_with("/model/vocab/a", -1), HasSubstr("model.vocab \"a\""));
  EXPECT_THAT(refusal_with("/model/vocab/a", 5'000'000'000), HasSubstr("model.vocab \"a\""));
  EXPECT_THAT(refusal_with("/model/vocab/a", file_["model"]["vocab"]["b"]), HasSubstr("to two tokens"));
  EXPECT_THAT(refusal_with("/added_tokens/0/id", 5), HasSubstr("contradicts"));
  EXPECT_THAT(refusal_with("/added_tokens/1", file_["added_tokens"][0]), HasSubstr("there twice"));
  EXPECT_THAT(refusal_with("/added_tokens/0/content", ""), HasSubstr("added_tokens[0].content"));
  json without_a = file_;
  without_a["model"]["vocab"].erase("!");
  EXPECT_THAT(refusal(without_a.dump()), HasSubstr("lacks \"!\", which stands for byte 33"));
}

TEST_F(TokenizerFileTest, RefusesMetaspaceWhereTheStartMayBeGone) {
  file_["pre_tokenizer"] = {
      {"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "first"}, {"split", true}};
  EXPECT_EQ(refusal(file_.dump()), "accepted");
  EXPECT_THAT(refusal_with("/normalizer", {{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}}),
              HasSubstr("prepend_scheme"));
}

TEST_F(TokenizerFileTest, ReadsMergesAsText) {
  json older = file_;
  for (json& merge : older["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  older["model"].erase("type");
  EXPECT_EQ(refusal(older.dump()), "accepted");
  const auto tokenizer = load_tokenizer(folder_ / "tokenizer.json");
  EXPECT_EQ(tokenizer->encode("the thing"), load_tokenizer(golden_path("plain.json"))->encode("the thing"));
}

TEST(Tokenizer, KnowsItsVocabulary) {
  const json file = json::parse(read_file(golden_path("plain.json")));
  const auto tokenizer = load_tokenizer(golden_path("plain.json"));
  EXPECT_EQ(tokenizer->vocabulary(),
            static_cast<int64_t>(file["model"]["vocab"].size() + 2));  // two added tokens are new
}

TEST(Tokenizer, NamesTheByteThatIsNoUtf8) {
  const auto tokenizer = load_tokenizer(golden_path("plain.json"));
  try {
    tokenizer->encode("abc\xff");
    FAIL() << "no UTF-8";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "byte 3 is no valid UTF-8");
  }
}

}  // namespace
}  // namespace echelon::tokenizer
