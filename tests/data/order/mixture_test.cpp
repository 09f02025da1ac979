#include "data/order/mixture.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace echelon::data {
namespace {

using Numbers = std::vector<int64_t>;

TEST(WholeWeights, AreTheSmallestInTheSameRatio) {
  EXPECT_EQ(whole_weights({1}), (Numbers{1}));
  EXPECT_EQ(whole_weights({0.7, 0.3}), (Numbers{7, 3}));
  EXPECT_EQ(whole_weights({0.5, 0.25, 0.25}), (Numbers{2, 1, 1}));
  EXPECT_EQ(whole_weights({3, 6, 9}), (Numbers{1, 2, 3}));
  EXPECT_EQ(whole_weights({0.1, 0.2, 0.3, 0.4}), (Numbers{1, 2, 3, 4}));
}

TEST(WholeWeights, ComeNearWhereNoneFit) {
  const std::vector<std::vector<double>> cases{
      {1 / 3.0, 2 / 3.0}, {3.14159265, 2.71828183, 1e-9}, {1e12, 1}, {0.1 + 1e-12, 0.9}};
  for (const std::vector<double>& weights : cases) {
    const Numbers whole = whole_weights(weights);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const auto whole_sum = static_cast<double>(std::accumulate(whole.begin(), whole.end(), int64_t{0}));
    EXPECT_LE(whole_sum, 1e6);
    for (size_t i = 0; i < weights.size(); ++i) {
      EXPECT_GE(whole[i], 1);
      EXPECT_NEAR(static_cast<double>(whole[i]) / whole_sum, weights[i] / sum, 2e-6);
    }
  }
}

TEST(Mixture, HoldsEachSourceAsOftenAsItsWeightSays) {
  Mixture mixture({5, 1, 2}, 42);
  for (int64_t run = 0; run < 50; ++run) {
    Numbers drawn(3);
    for (int64_t i = 0; i < 8; ++i) ++drawn[mixture.at(run * 8 + i).source];
    EXPECT_EQ(drawn, (Numbers{5, 1, 2}));
  }
  EXPECT_EQ(mixture.drawn(0, 400), 250);
  EXPECT_EQ(mixture.drawn(2, 4), 1);
}

TEST(Mixture, PassesNoSampleOver) {
  Mixture mixture({0.7, 0.3}, 1);
  std::vector<std::set<int64_t>> places(2);
  for (int64_t position = 0; position < 1000; ++position) {
    const Mixture::Draw draw = mixture.at(position);
    EXPECT_TRUE(places[draw.source].insert(draw.place).second) << "position " << position;
  }
  EXPECT_EQ(*places[0].rbegin(), 699);  // with 700 different ones from 0: all
  EXPECT_EQ(*places[1].rbegin(), 299);
}

TEST(Mixture, IsInAnotherOrderInEachRunAndARandomAccess) {
  Mixture mixture({1, 1, 1, 1}, 9), other({1, 1, 1, 1}, 9);
  std::set<std::vector<size_t>> runs;
  for (int64_t run = 0; run < 40; ++run) {
    std::vector<size_t> sources;
    for (int64_t i = 0; i < 4; ++i) sources.push_back(mixture.at(run * 4 + i).source);
    runs.insert(sources);
  }
  EXPECT_GT(runs.size(), 15);  // of 24 orders; of 40 draws 19.6 are expected to differ
  for (int64_t i = 0; i < 160; ++i) {
    const int64_t position = i * 37 % 160;
    EXPECT_EQ(other.at(position).source, mixture.at(position).source);
    EXPECT_EQ(other.at(position).place, mixture.at(position).place);
  }
}

}  // namespace
}  // namespace echelon::data
