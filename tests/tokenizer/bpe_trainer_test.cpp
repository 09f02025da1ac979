#include "tokenizer/bpe_trainer.h"

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

const std::vector<std::string>& training_text() {
  static const auto text =
      json::parse(read_file(golden_path("training_text.json"))).get<std::vector<std::string>>();
  return text;
}

TrainedBpe train(BpeTraining training) {
  BpeTrainer trainer(std::move(training));
  const std::vector<std::string_view> views(training_text().begin(), training_text().end());
  trainer.add(views);
  return trainer.train();
}

// golden/make_tokenizer.py trained these on the same text with the reference's trainer.
TEST(BpeTrainer, LearnsWhatTheReferenceLearns) {
  struct Case {
    const char* golden;
    BpeTraining training;
  };
  const json cl100k = json::parse(read_file(golden_path("cl100k.json")));
  const std::string pattern = cl100k["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"];
  const Case cases[] = {
      {"plain.json", {.vocabulary = 520, .special_tokens = {"<|endoftext|>"}}},
      {"prefix_space.json",
       {.vocabulary = 520, .special_tokens = {"<|endoftext|>"}, .add_prefix_space = true}},
      {"cl100k.json", {.vocabulary = 520, .special_tokens = {"<|endoftext|>"}, .pattern = pattern}}};
  for (const auto& [golden, training] : cases) {
    const json expected = json::parse(read_file(golden_path(golden)))["model"];
    const json model = json::parse(train(training).to_json())["model"];
    if (std::string(golden) != "cl100k.json") {  // whose text was normalised before
      EXPECT_EQ(model["vocab"], expected["vocab"]) << golden;
      EXPECT_EQ(model["merges"], expected["merges"]) << golden;
    }
    EXPECT_EQ(model["vocab"].size(), expected["vocab"].size());
  }
}

TEST(BpeTrainer, LearnsTheSameWithAnyNumberOfThreadsAndInAnyOrder) {
  const std::string one = train({.vocabulary = 400, .threads = 1}).to_json();
  EXPECT_EQ(train({.vocabulary = 400, .threads = 4}).to_json(), one);
  BpeTrainer trainer({.vocabulary = 400, .threads = 3});
  for (size_t i = training_text().size(); i-- > 0;) {
    const std::string_view view = training_text()[i];
    trainer.add({&view, 1});
  }
  EXPECT_EQ(trainer.train().to_json(), one);
}

TEST(BpeTrainer, StopsAtRarePairs) {
  const TrainedBpe trained = train({.vocabulary = 100'000, .min_frequency = 1000});
  EXPECT_EQ(trained.tokens.size(), 256);
  const TrainedBpe everything = train({.vocabulary = 100'000});
  EXPECT_LT(everything.tokens.size(), 2000);  // no pair is left
}

TEST(BpeTrainer, WritesWhatCanBeLoaded) {
  const TemporaryFolder folder;
  const std::string path = folder / "tokenizer.json";
  const std::string pattern = R"(\p{N}{1,3}|[^\p{N}]+)";
  write_file_atomically(path,
                        train({.vocabulary = 300, .special_tokens = {"<s>"}, .pattern = pattern}).to_json());
  const auto tokenizer = load_tokenizer(path);
  EXPECT_EQ(tokenizer->vocabulary(), 300);
  EXPECT_EQ(tokenizer->special_ids(), std::vector<uint32_t>{0});
  for (const std::string& text : training_text()) EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST(BpeTrainer, RefusesContradictions) {
  EXPECT_THROW(BpeTrainer({.special_tokens = {"a", "a"}}), DataError);
  EXPECT_THROW(BpeTrainer({.special_tokens = {""}}), DataError);
  EXPECT_THROW(BpeTrainer({.pattern = "("}), DataError);
  EXPECT_THROW(BpeTrainer({.pattern = "a", .add_prefix_space = true}), DataError);
  BpeTrainer trainer({});
  const std::string_view invalid = "\xff";
  EXPECT_THROW(trainer.add({&invalid, 1}), DataError);
}

}  // namespace
}  // namespace echelon::tokenizer
