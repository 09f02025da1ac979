#include "generate/likelihood.h"

#include <gtest/gtest.h>

#include "generate/small_models.h"

namespace echelon::generate {
namespace {

// Sums of log_softmax of the logits of transformers 5.24's GPT2LMHeadModel in float64, with the weights of
// tests/golden/gpt.safetensors.
TEST(Likelihood, IsThatOfTheReference) {
  const std::vector<GivenText> texts{{.tokens = {1, 2, 3}},
                                     {.tokens = {60, 0, 17, 33, 8, 8, 41}},
                                     {.tokens = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9}}};
  const std::vector<double> expected{-6.9879104603, -29.5774610785, -31.6176371086};
  for (const auto& [type, tolerance] : {std::pair{at::kFloat, 1e-5}, {at::kDouble, 1e-9}}) {
    const auto found = likelihoods(golden_gpt(type), texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_NEAR(found[i].log_probability, expected[i], -tolerance * expected[i]);
      EXPECT_EQ(found[i].tokens, texts[i].tokens.size() - 1);
    }
  }
}

/// A token is as probable as softmax says of the logits at the place before it.
TEST(Likelihood, CountsAllTokensBehindASource) {
  const LanguageModel model = language_model(small_encoder_decoder(), at::kDouble);
  const auto whole = whole_model(small_encoder_decoder(), at::kDouble);
  const std::vector<GivenText> texts{{{3, 1, 4, 1, 5}, {9, 2, 6}}, {{2}, {7, 1, 8, 2, 8}}, {{5, 5}, {60}}};
  const auto found = likelihoods(model, texts, /*start=*/11);
  for (size_t i = 0; i < texts.size(); ++i) {
    Ids before{11};
    double sum = 0;
    for (const uint32_t token : texts[i].tokens) {
      sum += logits_of(*whole, texts[i].source, before).softmax(1)[-1][token].log().item<double>();
      before.push_back(token);
    }
    EXPECT_NEAR(found[i].log_probability, sum, 1e-9);
    EXPECT_EQ(found[i].tokens, texts[i].tokens.size());
  }
}

}  // namespace
}  // namespace echelon::generate
