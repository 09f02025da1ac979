// Expected values are those of scikit-learn 1.9.1, made by
//   i = numpy.arange(300)
//   true = (i * i + 3 * i) % 5
//   pred = numpy.where(i % 3 == 0, (i * 5 + i // 7) % 6, true); pred[pred == 3] = 2
//   precision_recall_fscore_support(true, pred, labels=range(7), zero_division=0)
//   precision_recall_fscore_support(true, pred, average="macro", zero_division=0)   # and "weighted"
//   accuracy_score(true, pred); confusion_matrix(true, pred, labels=range(7))
// Classes 1, 2 and 5 have no samples, class 3 is never predicted, class 6 neither.
#include "metrics/classes.h"

#include <gmock/gmock.h>

#include <array>

#include "common/error.h"

namespace echelon::metrics {
namespace {

using ::testing::HasSubstr;

constexpr double kClose = 1e-12;

ConfusionCounts some_counts(int64_t begin = 0, int64_t end = 300) {
  ConfusionCounts counts(7);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t of_sample = (i * i + 3 * i) % 5;
    const int64_t predicted = i % 3 == 0 ? (i * 5 + i / 7) % 6 : of_sample;
    counts.add(of_sample, predicted == 3 ? 2 : predicted);
  }
  return counts;
}

void expect_scores(const ClassScores& scores, double precision, double recall, double f1) {
  EXPECT_NEAR(scores.precision, precision, kClose);
  EXPECT_NEAR(scores.recall, recall, kClose);
  EXPECT_NEAR(scores.f1, f1, kClose);
}

TEST(Classes, AreScoredAsScikitLearnScoresThem) {
  const ClassReport report = report_classes(some_counts());
  ASSERT_EQ(report.classes.size(), 7);
  expect_scores(report.classes[0], 0.8348623853211009, 0.7583333333333333, 0.7947598253275109);
  expect_scores(report.classes[4], 0.7962962962962963, 0.7166666666666667, 0.7543859649122807);
  for (const size_t c : {1, 2, 3, 5, 6}) expect_scores(report.classes[c], 0, 0, 0);
  expect_scores(report.macro, 0.2718597802695662, 0.24583333333333335, 0.25819096503996525);
  expect_scores(report.weighted, 0.4932042133876996, 0.44666666666666666, 0.4687811231134605);
  EXPECT_NEAR(report.accuracy, 0.44666666666666666, kClose);
}

TEST(Classes, AreCountedInAMatrix) {
  const std::array<std::array<int64_t, 7>, 7> expected{
      {{91, 6, 11, 0, 6, 6, 0}, {}, {}, {12, 6, 92, 0, 5, 5, 0}, {6, 2, 6, 0, 43, 3, 0}, {}, {}}};
  const ConfusionCounts counts = some_counts();
  for (int64_t t = 0; t < 7; ++t) {
    for (int64_t p = 0; p < 7; ++p) EXPECT_EQ(counts.count(t, p), expected[t][p]) << t << " as " << p;
  }
  EXPECT_EQ(counts.total(), 300);
  EXPECT_EQ(counts.predicted(2), 109);
}

TEST(Classes, OfPartsAddUp) {
  ConfusionCounts sum(7), whole = some_counts();
  for (ConfusionCounts part : {some_counts(0, 7), some_counts(7, 200), some_counts(200, 300)}) {
    for (size_t i = 0; i < sum.numbers().size(); ++i) sum.numbers()[i] += part.numbers()[i];
  }
  EXPECT_TRUE(std::ranges::equal(sum.numbers(), whole.numbers()));
}

TEST(Classes, OfManyKeepNoMatrixAndTheSameScores) {
  ConfusionCounts counts(ConfusionCounts::kMatrixClasses + 1);
  counts.add(2048, 2048);
  counts.add(2048, 3);
  EXPECT_FALSE(counts.has_matrix());
  EXPECT_EQ(counts.numbers().size(), 3 * 2049);
  const ClassReport report = report_classes(counts);
  expect_scores(report.classes[2048], 1, 0.5, 2.0 / 3);
  EXPECT_EQ(report.accuracy, 0.5);
  EXPECT_THROW(counts.count(3, 3), InternalError);
}

TEST(Classes, OutsideOfTheModelsAreRefused) {
  ConfusionCounts counts(3);
  for (const auto& [of_sample, predicted] : {std::pair{3, 0}, {-1, 0}, {0, 3}}) {
    try {
      counts.add(of_sample, predicted);
      ADD_FAILURE() << "it was counted";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("outside the 3 classes (0 to 2)"));
    }
  }
  EXPECT_EQ(counts.total(), 0);
}

TEST(Classes, AreListedByTheMistakesBetweenThem) {
  const std::vector<ConfusedPair> pairs = most_confused(some_counts(), 4);
  ASSERT_EQ(pairs.size(), 4);
  const std::array<std::array<int64_t, 3>, 4> expected{{{3, 2, 92}, {3, 0, 12}, {0, 2, 11}, {0, 1, 6}}};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((std::array{pairs[i].true_class, pairs[i].predicted_class, pairs[i].count}), expected[i]);
  }
  EXPECT_EQ(most_confused(some_counts(), 100).size(), 13);
}

}  // namespace
}  // namespace echelon::metrics
