// Expected values are those of scikit-learn 1.9.1 where nothing else is said.
#include "metrics/ranking.h"

#include <gmock/gmock.h>

#include <cmath>

#include "common/error.h"

namespace echelon::metrics {
namespace {

using ::testing::HasSubstr;

std::vector<ScoredSample> equal_scores() {
  std::vector<ScoredSample> samples;
  for (int i = 0; i < 10; ++i) samples.push_back({0.5F, i < 3});
  return samples;
}

double area_below(const Curve& curve) {
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i)
    area += (curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y) / 2;
  return area;
}

TEST(Ranking, IsThatOfScikitLearnWithTies) {
  //   i = numpy.arange(300); score = ((i * 7919) % 101 / 101).astype(numpy.float32)
  //   label = ((i * i * 31) % 7 < 2) ^ (score > 0.7)
  //   roc_auc_score(label, score), average_precision_score(label, score)
  std::vector<ScoredSample> samples;
  for (int i = 0; i < 300; ++i) {
    const auto score = static_cast<float>((i * 7919) % 101 / 101.0);
    samples.push_back({score, ((i * i * 31) % 7 < 2) != (score > 0.7F)});
  }
  const Ranking ranking = rank_samples(samples);
  EXPECT_EQ(ranking.positives, 106);
  EXPECT_EQ(ranking.negatives, 194);
  EXPECT_NEAR(ranking.roc_auc.value(), 0.8299698502236917, 1e-12);
  EXPECT_NEAR(ranking.average_precision.value(), 0.7459801409119315, 1e-12);
  // What is drawn has, to the width of a pixel, these areas.
  EXPECT_NEAR(area_below(ranking.roc), *ranking.roc_auc, 2e-3);
  EXPECT_NEAR(area_below(ranking.precision_recall), *ranking.average_precision, 2e-3);
}

TEST(Ranking, OfEqualScoresIsChance) {
  // roc_auc_score([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [0.5] * 10) = 0.5, average_precision_score(…) = 0.3
  std::vector<ScoredSample> samples = equal_scores();
  const Ranking ranking = rank_samples(samples);
  EXPECT_EQ(ranking.roc_auc, 0.5);
  EXPECT_DOUBLE_EQ(ranking.average_precision.value(), 0.3);
  EXPECT_EQ(ranking.roc, (Curve{{0, 0}, {1, 1}}));
}

TEST(Ranking, OfSeparatedClassesIsPerfect) {
  std::vector<ScoredSample> samples{{0.1F, false}, {0.9F, true}, {0.8F, true}, {0.2F, false}};
  const Ranking ranking = rank_samples(samples);
  EXPECT_EQ(ranking.roc_auc, 1);
  EXPECT_EQ(ranking.average_precision, 1);
  EXPECT_EQ(ranking.roc, (Curve{{0, 0}, {0, 1}, {1, 1}}));
  EXPECT_EQ(ranking.precision_recall.front(), (Point{0, 1}));
}

TEST(Ranking, OfOneClassAloneHasNoRoc) {
  std::vector<ScoredSample> positives{{0.1F, true}, {0.9F, true}};
  const Ranking of_positives = rank_samples(positives);
  EXPECT_FALSE(of_positives.roc_auc);
  EXPECT_TRUE(of_positives.roc.empty());
  EXPECT_EQ(of_positives.average_precision, 1);
  std::vector<ScoredSample> negatives{{0.1F, false}, {0.9F, false}};
  const Ranking of_negatives = rank_samples(negatives);
  EXPECT_FALSE(of_negatives.roc_auc);
  EXPECT_FALSE(of_negatives.average_precision);
  EXPECT_TRUE(of_negatives.precision_recall.empty());
}

TEST(Ranking, RefusesScoresThatAreNoNumbers) {
  std::vector<ScoredSample> samples = equal_scores();
  samples[4].score = std::nanf("");
  try {
    rank_samples(samples);
    ADD_FAILURE() << "it was ranked";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the score of sample 4 of 10 is not a number"));
  }
}

}  // namespace
}  // namespace echelon::metrics
