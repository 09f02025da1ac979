// Files that are no tokenizers, or damaged ones: always a DataError that names the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/error.h"
#include "common/file.h"
#include "temporary_folder.h"
#include "tokenizer/golden.h"
#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {
namespace {

using testing::HasSubstr;

class LoadTest : public testing::Test {
 protected:
  std::string refusal(const std::string& content) {
    const std::string path = folder_ / "some_file";
    write_file_atomically(path, content);
    try {
      load_tokenizer(path)->encode("some text");
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("some_file"));
      return error.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
};

TEST_F(LoadTest, RefusesWhatIsNoTokenizer) {
  EXPECT_THAT(refusal(""), HasSubstr("neither a tokenizer.json"));
  EXPECT_THAT(refusal("some text"), HasSubstr("neither a tokenizer.json"));
  EXPECT_THAT(refusal("{"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal("\n\xff\xff\xff\xff\xff\xff"), HasSubstr("sentencepiece"));
  EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("nested deeper"));
  EXPECT_THROW(load_tokenizer(folder_ / "missing"), Error);
}

TEST_F(LoadTest, RefusesRanksItCannotCutTextFor) {
  EXPECT_THAT(refusal("IQ== 0\nIg== 1\n"), HasSubstr("2 ranks, which is none of the known encodings"));
  EXPECT_THAT(refusal("IQ== 0\nIg== x\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("IQ== 0\nIg== 0\n"), HasSubstr("line 2: its token or its rank is there twice"));
  EXPECT_THAT(refusal("IQ== 0\nIQ== 1\n"), HasSubstr("there twice"));
}

TEST_F(LoadTest, RefusesDamagedTekken) {
  const std::string file = read_file(golden_path("tekken.json"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = file;
    return refusal(changed.replace(changed.find(from), from.size(), to));
  };
  EXPECT_EQ(refusal(file), "accepted");
  EXPECT_THAT(with("\"token_bytes\": \"AA==\"", "\"token_bytes\": \"AA=\""), HasSubstr("vocab[0]"));
  EXPECT_THAT(with("\"rank\": 7,", "\"rank\": 8,"), HasSubstr("vocab[7]"));
  EXPECT_THAT(with("\"default_num_special_tokens\": 30", "\"default_num_special_tokens\": 3000000000"),
              HasSubstr("config"));
  EXPECT_THAT(with("\"default_vocab_size\": ", "\"default_vocab_size\": 1"), HasSubstr("vocab"));
  EXPECT_THAT(with("\"version\": \"v3\"", "\"version\": \"v13\""), HasSubstr("special_tokens"));
}

// A byte changed here, a piece cut there: refused, or a tokenizer that works.
TEST_F(LoadTest, BearsDamage) {
  std::mt19937 random(11);
  for (const char* name : {"word_piece.json", "unigram.json", "behaviors.json", "sentence_piece.model"}) {
    const std::string file = read_file(golden_path(name));
    for (int round = 0; round < 60; ++round) {
      std::string damaged = file;
      for (int changes = 0; changes < 3; ++changes)
        damaged[random() % damaged.size()] = static_cast<char>(random());
      if (round % 4 == 0) damaged.resize(random() % damaged.size());
      refusal(damaged);
    }
  }
}

TEST(LongTexts, TakeTimeInProportion) {
  const std::string letters(2 << 20, 'a'), blanks(2 << 20, ' '), brackets(2 << 20, '<');
  for (const char* name : {"plain.json", "one_word.json", "cl100k.json", "o200k.json", "deepseek.json",
                           "llama.json", "metaspace.json", "word_piece.json", "tekken.json"}) {
    const auto tokenizer = load_tokenizer(golden_path(name));
    for (const std::string& text : {letters, blanks + "x", brackets})
      EXPECT_FALSE(tokenizer->encode(text).empty()) << name;
  }
}

}  // namespace
}  // namespace echelon::tokenizer
