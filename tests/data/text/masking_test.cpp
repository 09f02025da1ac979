#include "data/text/masking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "data/dataset.h"

namespace echelon::data {
namespace {

constexpr int64_t kVocabulary = 1000, kMask = 1000;

struct Masked {
  std::vector<int64_t> before, tokens, target;
};

Masked mask(const Masking& masking, uint64_t key, int64_t count) {
  Masked m;
  for (int64_t i = 0; i < count; ++i) m.before.push_back(i % kVocabulary);
  m.tokens = m.before;
  m.target.resize(m.before.size());
  mask_tokens(masking, key, m.tokens, m.target);
  return m;
}

TEST(Masking, ChoosesAndChangesTheSharesOfThePaper) {
  constexpr int64_t kCount = 200'000;
  const Masked m = mask({.mask_id = kMask, .vocabulary = kVocabulary}, 5, kCount);
  double chosen = 0, hidden = 0, kept = 0, random = 0;
  for (size_t i = 0; i < m.tokens.size(); ++i) {
    if (m.target[i] == kIgnoredTarget) {
      ASSERT_EQ(m.tokens[i], m.before[i]);
      continue;
    }
    ASSERT_EQ(m.target[i], m.before[i]);
    ++chosen;
    if (m.tokens[i] == kMask) {
      ++hidden;
    } else if (m.tokens[i] == m.before[i]) {
      ++kept;
    } else {
      ++random;
      ASSERT_LT(m.tokens[i], kVocabulary);
    }
  }
  // Five standard deviations of a binomial distribution.
  const auto near = [](double part, double whole, double share) {
    return std::fabs(part - share * whole) < 5 * std::sqrt(whole * share * (1 - share));
  };
  EXPECT_TRUE(near(chosen, kCount, 0.15)) << chosen;
  EXPECT_TRUE(near(hidden, chosen, 0.8)) << hidden / chosen;
  EXPECT_TRUE(near(kept, chosen, 0.1 + 0.1 / kVocabulary)) << kept / chosen;
  EXPECT_TRUE(near(random, chosen, 0.1 - 0.1 / kVocabulary)) << random / chosen;
}

TEST(Masking, IsAFunctionOfTheKey) {
  const Masking masking{.mask_id = kMask, .vocabulary = kVocabulary};
  EXPECT_EQ(mask(masking, 1, 100).tokens, mask(masking, 1, 100).tokens);
  EXPECT_NE(mask(masking, 1, 100).tokens, mask(masking, 2, 100).tokens);
}

TEST(Masking, LeavesSpecialTokensAlone) {
  Masking masking{.probability = 1, .random = 0, .keep = 0, .mask_id = kMask, .vocabulary = kVocabulary};
  masking.never_chosen = {0, 2};
  const Masked m = mask(masking, 1, 4);
  EXPECT_THAT(m.tokens, testing::ElementsAre(0, kMask, 2, kMask));
  EXPECT_THAT(m.target, testing::ElementsAre(kIgnoredTarget, 1, kIgnoredTarget, 3));
}

}  // namespace
}  // namespace echelon::data
