#include "image/mix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "image/golden.h"

namespace echelon::image {
namespace {

/// The rows of mixed.txt: three samples of [1, 2, 4], the same mixed, and the targets.
std::vector<std::vector<float>> golden_rows() {
  const auto bytes = golden("mixed.txt");
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  std::vector<std::vector<float>> rows;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    rows.emplace_back();
    for (std::string field; fields >> field;) rows.back().push_back(std::strtof(field.c_str(), nullptr));
  }
  return rows;
}

// torchvision's numbers, made by golden/make_augmentations.py, to the bit.
TEST(Mix, MixesAsTorchvisionDoes) {
  const auto rows = golden_rows();
  ASSERT_EQ(rows.size(), 9);
  const BatchMix mix{BatchMix::Kind::kMixup, 0.3};
  const std::vector<int64_t> labels{3, 0, 3};
  for (int64_t i = 0; i < 3; ++i) {
    const int64_t partner = mix_partner(i, 3);
    std::vector<float> planes = rows[i], target(5);
    mix_planes(mix, 1, {2, 4}, ElementType::kFloat32, planes.data(), rows[partner].data());
    EXPECT_EQ(planes, rows[3 + i]);
    mix_target(mix, labels[i], labels[partner], target);
    for (int k = 0; k < 5; ++k) EXPECT_FLOAT_EQ(target[k], rows[6 + i][k]);
  }
}

TEST(Mix, MixesSixteenBitsToTheNearest) {
  const BatchMix mix{BatchMix::Kind::kMixup, 0.25};
  uint16_t half = float16_bits(1.5F), brain = bfloat16_bits(1.5F);
  const uint16_t other_half = float16_bits(-0.5F), other_brain = bfloat16_bits(-0.5F);
  mix_planes(mix, 1, {1, 1}, ElementType::kFloat16, &half, &other_half);
  mix_planes(mix, 1, {1, 1}, ElementType::kBfloat16, &brain, &other_brain);
  EXPECT_EQ(half, float16_bits(0.0F));
  EXPECT_EQ(brain, bfloat16_bits(0.0F));
}

TEST(Mix, CutsTheBoxFromThePartner) {
  const BatchMix mix{BatchMix::Kind::kCutmix, 0.5, {1, 0, 2, 1}};
  std::vector<double> planes(2 * 2 * 4, 1.0);
  const std::vector<double> partner(2 * 2 * 4, 2.0);
  mix_planes(mix, 2, {2, 4}, ElementType::kFloat64, planes.data(), partner.data());
  EXPECT_EQ(planes, (std::vector<double>{1, 2, 2, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1}));
}

TEST(Mix, PairsEachWithTheOneBefore) {
  EXPECT_EQ(mix_partner(0, 8), 7);
  EXPECT_EQ(mix_partner(5, 8), 4);
  EXPECT_EQ(mix_partner(0, 1), 0);
}

TEST(Mix, IsAFunctionOfSeedAndStep) {
  const MixOptions options{.mixup_alpha = 0.8, .cutmix_alpha = 1};
  const auto draw = [&](uint64_t seed, uint64_t step) {
    RandomStream random = mix_stream(seed, step);
    return draw_mix(options, {32, 32}, random).weight;
  };
  EXPECT_EQ(draw(1, 2), draw(1, 2));
  EXPECT_NE(draw(1, 2), draw(1, 3));
  EXPECT_NE(draw(1, 2), draw(2, 2));
}

// Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)); and its distribution function at 0.1, which
// scipy.stats.beta.cdf gives.
TEST(DrawBeta, HasItsDistribution) {
  const struct {
    double alpha, below_a_tenth;
  } cases[] = {{0.2, 0.336690}, {1.0, 0.1}, {0.8, 0.131806}, {4.0, 0.002728}};
  constexpr int kDraws = 40'000;
  for (const auto& [alpha, below_a_tenth] : cases) {
    RandomStream random(static_cast<uint64_t>(alpha * 10));
    double mean = 0, square = 0, below = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double value = draw_beta(alpha, random);
      ASSERT_GE(value, 0);
      ASSERT_LE(value, 1);
      mean += value / kDraws;
      square += value * value / kDraws;
      below += value < 0.1;
    }
    const double variance = 1 / (4 * (2 * alpha + 1)), deviation = std::sqrt(variance / kDraws);
    EXPECT_NEAR(mean, 0.5, 5 * deviation) << alpha;
    EXPECT_NEAR(square - mean * mean, variance, 0.02 * variance) << alpha;
    EXPECT_NEAR(below / kDraws, below_a_tenth, 5 * std::sqrt(below_a_tenth / kDraws)) << alpha;
  }
  RandomStream random(1);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(std::isnan(draw_beta(1e-4, random)));
}

// With alpha 1 the share is even in [0, 1]; the box has sides of √(1 - share), cut off at the edges of the
// image, and the weight is what it leaves.
TEST(DrawMix, CutsBoxesOfTheDrawnShare) {
  const MixOptions options{.cutmix_alpha = 1};
  RandomStream random(8);
  double mean = 0;
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const BatchMix mix = draw_mix(options, {100, 200}, random);
    ASSERT_EQ(mix.kind, BatchMix::Kind::kCutmix);
    ASSERT_GE(mix.box.left, 0);
    ASSERT_LE(mix.box.left + mix.box.width, 200);
    ASSERT_GE(mix.box.top, 0);
    ASSERT_LE(mix.box.top + mix.box.height, 100);
    ASSERT_DOUBLE_EQ(mix.weight, 1 - static_cast<double>(mix.box.width * mix.box.height) / 20'000);
    mean += mix.weight / kDraws;
  }
  // A side r of the unit square around an even point keeps, on average, r - r²/4 of itself inside. So the box
  // has E[(r - r²/4)²] for r² even in [0, 1], which is 1/2 - 1/5 + 1/48.
  EXPECT_NEAR(mean, 1 - (0.5 - 0.2 + 1.0 / 48), 0.015);
}

TEST(DrawMix, SharesBatchesBetweenTheTwo) {
  RandomStream random(9);
  int cut = 0;
  for (int i = 0; i < 4000; ++i)
    cut += draw_mix({.mixup_alpha = 1, .cutmix_alpha = 1}, {8, 8}, random).kind == BatchMix::Kind::kCutmix;
  EXPECT_NEAR(cut, 2000, 160);
  EXPECT_EQ(draw_mix({}, {8, 8}, random).kind, BatchMix::Kind::kNone);
  EXPECT_EQ(draw_mix({.mixup_alpha = 1}, {8, 8}, random).kind, BatchMix::Kind::kMixup);
}

}  // namespace
}  // namespace echelon::image
