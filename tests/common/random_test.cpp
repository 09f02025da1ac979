#include "common/random.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace echelon {
namespace {

using testing::ElementsAre;

// Known answers of philox4x32-10 from the authors' Random123 library (kat_vectors).
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_THAT(philox({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(DeriveKey, DependsOnEveryWordAndTheirOrder) {
  std::set<uint64_t> keys;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (uint64_t word = 0; word < 100; ++word) keys.insert(derive_key(seed, word));
  }
  EXPECT_EQ(keys.size(), 10'000);
  EXPECT_NE(derive_key(derive_key(1, 2), 3), derive_key(derive_key(1, 3), 2));
  EXPECT_NE(derive_key(1, "ab"), derive_key(1, "ba"));
  EXPECT_NE(derive_key(1, ""), 1);
}

TEST(RandomStream, IsAFunctionOfItsKey) {
  RandomStream a(7), b(7), c(8);
  for (int i = 0; i < 10; ++i) {
    const uint32_t value = a.next_u32();
    EXPECT_EQ(value, b.next_u32());
    EXPECT_NE(value, c.next_u32());
  }
}

/// Mean and variance of `count` draws.
template <class F>
std::pair<double, double> moments(int count, const F& draw) {
  double sum = 0, squares = 0;
  for (int i = 0; i < count; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

TEST(RandomStream, UniformAndNormalHaveTheirMoments) {
  constexpr int kDraws = 200'000;
  const double deviation = 1 / std::sqrt(kDraws);
  RandomStream stream(1);
  const auto [uniform_mean, uniform_variance] = moments(kDraws, [&] { return stream.uniform(); });
  EXPECT_NEAR(uniform_mean, 0.5, 6 * std::sqrt(1.0 / 12) * deviation);
  EXPECT_NEAR(uniform_variance, 1.0 / 12, 6 * std::sqrt(1.0 / 180) * deviation);
  const auto [normal_mean, normal_variance] = moments(kDraws, [&] { return stream.normal(); });
  EXPECT_NEAR(normal_mean, 0, 6 * deviation);
  EXPECT_NEAR(normal_variance, 1, 6 * std::sqrt(2.0) * deviation);
}

TEST(RandomStream, BelowReachesEveryValueEquallyOften) {
  RandomStream stream(3);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; ++i) ++counts.at(stream.below(6));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 6 * std::sqrt(60'000 * (1.0 / 6) * (5.0 / 6)));
  EXPECT_EQ(stream.below(1), 0);
}

TEST(RandomStream, StaysWithinItsRange) {
  RandomStream stream(4);
  for (int i = 0; i < 10'000; ++i) {
    const double value = stream.uniform(-2, 3);
    EXPECT_GE(value, -2);
    EXPECT_LT(value, 3);
  }
}

}  // namespace
}  // namespace echelon
