#include "generate/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace echelon::generate {
namespace {

/// Probabilities 0.1, 0.4, 0.05, 0.3, 0.15.
const std::vector<float> kLogits{std::log(1.0F), std::log(4.0F), std::log(0.5F), std::log(3.0F),
                                 std::log(1.5F)};

/// The share of [0, 1) that draws each token, to 1e-4.
std::map<uint32_t, double> shares(const Sampling& sampling, const std::vector<float>& logits = kLogits) {
  constexpr int kDraws = 10'000;
  Sampler sampler(sampling);
  std::map<uint32_t, double> found;
  for (int i = 0; i < kDraws; ++i)
    found[sampler.next(std::span(logits), (i + 0.5) / kDraws).value()] += 1.0 / kDraws;
  return found;
}

void expect_shares(const Sampling& sampling, const std::map<uint32_t, double>& expected) {
  const auto found = shares(sampling);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [token, share] : expected) EXPECT_NEAR(found.at(token), share, 2e-4) << token;
}

TEST(Sampler, DrawsByTheProbabilities) {
  expect_shares({.temperature = 1}, {{0, 0.1}, {1, 0.4}, {2, 0.05}, {3, 0.3}, {4, 0.15}});
}

// Of softmax(l / 0.5) the probabilities are squared: 1, 16, 0.25, 9, 2.25 of 28.5.
TEST(Sampler, DividesLogitsByTheTemperature) {
  expect_shares({.temperature = 0.5},
                {{0, 1 / 28.5}, {1, 16 / 28.5}, {2, 0.25 / 28.5}, {3, 9 / 28.5}, {4, 2.25 / 28.5}});
}

TEST(Sampler, TakesTheMostProbableAtTemperatureZero) {
  expect_shares({.temperature = 0}, {{1, 1.0}});
  EXPECT_THAT(shares({.temperature = 0}, {1, 2, 2, 1}), testing::ElementsAre(testing::Key(1)));
}

TEST(Sampler, DrawsAmongTheTopK) {
  expect_shares({.temperature = 1, .top_k = 1}, {{1, 1.0}});
  expect_shares({.temperature = 1, .top_k = 2}, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  expect_shares({.temperature = 1, .top_k = 9}, {{0, 0.1}, {1, 0.4}, {2, 0.05}, {3, 0.3}, {4, 0.15}});
  // Of those as probable as each other the first.
  EXPECT_THAT(shares({.temperature = 1, .top_k = 2}, {0, 1, 0, 0}),
              testing::ElementsAre(testing::Key(0), testing::Key(1)));
}

TEST(Sampler, DrawsAmongTheFewestThatHaveTopP) {
  expect_shares({.temperature = 1, .top_p = 0.35}, {{1, 1.0}});
  expect_shares({.temperature = 1, .top_p = 0.65}, {{1, 4.0 / 7}, {3, 3.0 / 7}});
  expect_shares({.temperature = 1, .top_p = 0.8}, {{1, 4 / 8.5}, {3, 3 / 8.5}, {4, 1.5 / 8.5}});
  // 4 of the 7 that top_k leaves are enough for half.
  expect_shares({.temperature = 1, .top_k = 2, .top_p = 0.5}, {{1, 1.0}});
}

TEST(Sampler, GivesNothingForWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> logits{0, bad, 1};
    EXPECT_FALSE(Sampler({.temperature = 0}).next(std::span(logits), 0.5));
    EXPECT_FALSE(Sampler({.temperature = 1}).next(std::span(logits), 0.5));
  }
}

TEST(Sampler, KeepsToTheVocabularyWhereLogitsAreFarApart) {
  const std::vector<double> logits{-1e6, 0, -1e300};
  Sampler sampler({.temperature = 0.01});
  for (const double uniform : {0.0, 0.5, std::nextafter(1.0, 0.0)})
    EXPECT_EQ(sampler.next(std::span(logits), uniform), 1U);
}

}  // namespace
}  // namespace echelon::generate
