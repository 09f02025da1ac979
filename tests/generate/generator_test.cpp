#include "generate/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "generate/likelihood.h"
#include "generate/small_models.h"

namespace echelon::generate {
namespace {

using testing::ElementsAre;

constexpr int64_t kPlaces = 3;

std::vector<Ids> tokens_of(const std::vector<Continuation>& made) {
  std::vector<Ids> tokens;
  for (const Continuation& one : made) tokens.push_back(one.tokens);
  return tokens;
}

GenerationOptions greedy(int64_t max_new_tokens) {
  return {.max_new_tokens = max_new_tokens, .vocabulary = 61};
}

GenerationOptions drawn(uint64_t seed) {
  return {.max_new_tokens = 12, .sampling = {.temperature = 1.5}, .seed = seed, .vocabulary = 61};
}

const std::vector<Ids> kPrompts{{5}, {1, 2, 3}, {60, 0, 17, 33, 8, 8, 41}, {9, 9, 9, 9, 9, 9, 9, 9, 9, 9}};

// What transformers 5.24's GPT2LMHeadModel.generate(do_sample=False) writes with the weights of
// tests/golden/gpt.safetensors under its own names (tests/golden/models.py lists both), in float64.
TEST(Generator, WritesWhatTheReferenceWrites) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    EXPECT_THAT(tokens_of(continue_prompts(golden_gpt(type), kPrompts, greedy(8), kPlaces)),
                ElementsAre(Ids{23, 23, 23, 13, 13, 13, 13, 13}, Ids{23, 47, 47, 13, 47, 47, 13, 13},
                            Ids(8, 47), Ids(6, 13)));
  }
}

/// The most probable token again and again, by whole passes.
TEST(Generator, WritesWhatWholePassesSayOfASource) {
  const LanguageModel model = language_model(small_encoder_decoder(), at::kDouble);
  GenerationOptions options = greedy(12);
  options.start = 7;
  const auto made = continue_prompts(model, kPrompts, options, kPlaces);
  const auto whole = whole_model(small_encoder_decoder(), at::kDouble);
  for (size_t i = 0; i < kPrompts.size(); ++i) {
    Ids written{7};
    while (written.size() <= 12)
      written.push_back(
          static_cast<uint32_t>(logits_of(*whole, kPrompts[i], written)[-1].argmax().item<int64_t>()));
    EXPECT_EQ(made[i].tokens, Ids(written.begin() + 1, written.end()));
    EXPECT_EQ(made[i].reason, FinishReason::kLength);
  }
  EXPECT_NE(made[0].tokens, made[1].tokens);
}

TEST(Generator, StopsAtStopsLimitsAndTheContext) {
  GenerationOptions options = greedy(8);
  options.stops = {{47, 47}, {60}};
  const auto made = continue_prompts(golden_gpt(), kPrompts, options, kPlaces);
  EXPECT_THAT(tokens_of(made), ElementsAre(Ids{23, 23, 23, 13, 13, 13, 13, 13}, Ids{23}, Ids{}, Ids(6, 13)));
  EXPECT_EQ(made[0].reason, FinishReason::kLength);  // max_new_tokens
  EXPECT_EQ(made[1].reason, FinishReason::kStop);
  EXPECT_EQ(made[2].reason, FinishReason::kStop);
  EXPECT_EQ(made[3].reason, FinishReason::kLength);  // 16 tokens
}

TEST(Generator, WritesOnlyIdsOfTheVocabularyItIsTold) {
  GenerationOptions options = greedy(8);
  options.vocabulary = 20;
  for (const Ids& tokens : tokens_of(continue_prompts(golden_gpt(), kPrompts, options, kPlaces)))
    for (const uint32_t token : tokens) EXPECT_LT(token, 20U);
}

TEST(Generator, DrawsTheSameForAPromptWhateverItsCompany) {
  for (const auto& settings : {small_gpt(), small_encoder_decoder()}) {
    const LanguageModel model = language_model(settings, at::kDouble);
    const auto alone = [&](const Ids& prompt, uint64_t seed) {
      return tokens_of(continue_prompts(model, {&prompt, 1}, drawn(seed), 1))[0];
    };
    std::vector<Ids> expected, other;
    for (const Ids& prompt : kPrompts) {
      expected.push_back(alone(prompt, 3));
      other.push_back(alone(prompt, 4));
    }
    EXPECT_NE(other, expected);
    for (const int64_t places : {1, 2, 3, 4, 9})
      EXPECT_EQ(tokens_of(continue_prompts(model, kPrompts, drawn(3), places)), expected) << places;
    const std::vector<Ids> twice{kPrompts[2], kPrompts[1], kPrompts[2]};
    EXPECT_THAT(tokens_of(continue_prompts(model, twice, drawn(3), 2)),
                ElementsAre(expected[2], expected[1], expected[2]));
  }
}

/// Texts end at many different steps, and others begin in their places.
TEST(Generator, BeginsOthersWhereTextsHaveEnded) {
  const LanguageModel model = language_model(small_gpt(), at::kDouble);
  GenerationOptions options = drawn(8);
  for (uint32_t token = 0; token < 12; ++token) options.stops.push_back({token});
  std::vector<Ids> prompts;
  for (uint32_t i = 0; i < 60; ++i) prompts.push_back(Ids(1 + i % 4, i));
  const auto made = continue_prompts(model, prompts, options, 7);
  std::set<size_t> lengths;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const Continuation alone = continue_prompts(model, {&prompts[i], 1}, options, 1)[0];
    EXPECT_EQ(made[i].tokens, alone.tokens);
    EXPECT_EQ(made[i].reason, alone.reason);
    lengths.insert(alone.tokens.size());
  }
  EXPECT_GT(lengths.size(), 5);
}

/// With many seeds: within four standard deviations.
TEST(Generator, DrawsByTheProbabilitiesOfTheModel) {
  const LanguageModel model = golden_gpt();
  std::map<uint32_t, double> found;
  constexpr int kDraws = 4000;
  const Ids prompt{5, 3};
  for (int seed = 0; seed < kDraws; ++seed) {
    GenerationOptions options = drawn(static_cast<uint64_t>(seed));
    options.max_new_tokens = 1;
    options.sampling.temperature = 1;
    ++found[continue_prompts(model, {&prompt, 1}, options, 1)[0].tokens.at(0)];
  }
  for (const uint32_t token : {23U, 13U, 47U, 3U}) {
    const GivenText text{.tokens = {5, 3, token}}, shorter{.tokens = {5, 3}};
    const std::vector<GivenText> texts{text, shorter};
    const auto scored = likelihoods(model, texts);
    const double p = std::exp(scored[0].log_probability - scored[1].log_probability);
    EXPECT_NEAR(found[token] / kDraws, p, 4 * std::sqrt(p * (1 - p) / kDraws)) << token;
  }
}

TEST(Generator, TellsOfLogitsThatAreNotFinite) {
  const auto settings = small_gpt();
  const auto layers = layers_of(settings, parts_of(models::make_model(settings)), at::kFloat);
  for (const auto& parameter : layers->parameters())
    if (parameter.name == "embedding.position.weight") parameter.tensor.detach()[8].fill_(NAN);
  const auto made = [&](const Ids& prompt) {
    return continue_prompts(asking(layers, settings), {&prompt, 1}, greedy(8), 1)[0];
  };
  EXPECT_TRUE(made(kPrompts[0]).finite);
  EXPECT_EQ(made(kPrompts[0]).tokens.size(), 8);  // which are fed at places up to 7
  EXPECT_FALSE(made(kPrompts[2]).finite);
  EXPECT_EQ(made(kPrompts[2]).tokens.size(), 2);
  EXPECT_FALSE(made(kPrompts[3]).finite);
}

}  // namespace
}  // namespace echelon::generate
