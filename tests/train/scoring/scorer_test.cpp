// Scores over any number of ranks, against scikit-learn 1.9.1. Made inputs are
//   i = numpy.arange(200)[:, None]; c = numpy.arange(C)[None, :]
//   logits = 3 * numpy.sin(1.7 * i + 2.3 * c) + 1.5 * (c == label)
// and what ranks samples is softmax(logits).astype(numpy.float32).
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "comm/local/local.h"
#include "common/error.h"
#include "train/scoring/scorer.h"

namespace echelon::train::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kSamples = 200;
constexpr double kClose = 1e-9;

/// All samples in one batch.
struct Samples {
  at::Tensor outputs;
  at::Tensor targets;
};

Samples made_classes(int64_t classes, const std::function<int64_t(int64_t)>& label) {
  Samples samples{at::empty({kSamples, classes}, at::kDouble), at::empty({kSamples}, at::kLong)};
  for (int64_t i = 0; i < kSamples; ++i) {
    samples.targets[i] = label(i);
    for (int64_t c = 0; c < classes; ++c) {
      samples.outputs[i][c] = 3 * std::sin(1.7 * static_cast<double>(i) + 2.3 * static_cast<double>(c)) +
                              (c == label(i) ? 1.5 : 0);
    }
  }
  return samples;
}

Samples four_classes() {
  return made_classes(4, [](int64_t i) { return (i * i + i / 3) % 4; });
}

/// Scored by `ranks` ranks in batches of `batch`, each of one rank.
EvaluationReport score(const Samples& samples, const ScorerOptions& options, int ranks = 1,
                       int64_t batch = 23) {
  EvaluationReport report;
  run_ranks(ranks, [&](Communicator& comm) {
    const auto scorer = make_scorer(options);
    for (int64_t first = 0, number = 0; first < kSamples; first += batch, ++number) {
      if (number % ranks != comm.rank()) continue;
      data::Batch part;
      const int64_t end = std::min(kSamples, first + batch);
      part.target = samples.targets.slice(0, first, end);
      part.samples = part.targets = end - first;
      for (int64_t i = first; i < end; ++i) part.indices.push_back(i);
      scorer->add(samples.outputs.slice(0, first, end), part);
    }
    EvaluationReport own;
    scorer->finish(comm, own);
    if (comm.rank() == 0) report = std::move(own);
  });
  if (report.classes) {
    for (int64_t c = 0; c < options.classes; ++c)
      report.classes->names.push_back("<" + std::to_string(c) + ">");
  }
  return report;
}

ScorerOptions class_options(int64_t classes) {
  return {.scoring = {}, .classes = classes, .samples = kSamples};
}

void expect_metrics(const EvaluationReport& report, const std::map<std::string, double>& expected) {
  for (const auto& [name, value] : expected) EXPECT_NEAR(report.metrics.at(name), value, kClose) << name;
}

TEST(ClassScorer, AgreesWithScikitLearn) {
  const EvaluationReport report = score(four_classes(), class_options(4), 3);
  expect_metrics(report, {{"loss", 1.840937739836174},
                          {"accuracy", 0.36},
                          {"accuracy_top5", 1},
                          {"precision_macro", 0.37199317226890755},
                          {"recall_macro", 0.3623892569239365},
                          {"f1_macro", 0.35049510934725725},
                          {"f1_weighted", 0.3657536741412706},
                          {"roc_auc", 0.7139607555334413},
                          {"average_precision", 0.5193195543543305}});
  EXPECT_EQ(report.samples, 200);
  const double roc_auc[] = {0.734622342831298, 0.6918851878100638, 0.6926270901133431, 0.7367084013790601};
  const double precision[] = {0.617076503944455, 0.424922434774353, 0.5810217351296787, 0.45425754356883524};
  ASSERT_EQ(report.classes->rankings.size(), 4);
  for (size_t c = 0; c < 4; ++c) {
    EXPECT_NEAR(report.classes->rankings[c].ranking.roc_auc.value(), roc_auc[c], kClose);
    EXPECT_NEAR(report.classes->rankings[c].ranking.average_precision.value(), precision[c], kClose);
  }
  EXPECT_EQ(report.classes->counts.count(0, 1), 25);
  EXPECT_EQ(report.classes->counts.count(3, 2), 12);
}

TEST(ClassScorer, OfTwoClassesRanksByTheSecond) {
  const Samples samples = made_classes(2, [](int64_t i) { return (i * i / 3 + i) % 2; });
  const EvaluationReport report = score(samples, class_options(2), 2);
  expect_metrics(report, {{"loss", 1.1917744977743265},
                          {"accuracy", 0.58},
                          {"roc_auc", 0.6912804399057344},
                          {"average_precision", 0.8344886987381713}});
  ASSERT_EQ(report.classes->rankings.size(), 1);
  EXPECT_EQ(report.classes->rankings[0].of_class, 1);
  EXPECT_EQ(report.classes->rankings[0].ranking.positives, 133);
}

TEST(ClassScorer, GivesTheSameBytesOnAnyNumberOfRanks) {
  const std::string expected = to_json(score(four_classes(), class_options(4)));
  for (const int ranks : {2, 3, 4}) {
    for (const int64_t batch : {1, 23, 150})
      EXPECT_EQ(to_json(score(four_classes(), class_options(4), ranks, batch)), expected)
          << ranks << " ranks, batches of " << batch;
  }
}

TEST(ClassScorer, ListsTheWorstFirst) {
  const EvaluationReport report = score(four_classes(), class_options(4), 4, 7);
  ASSERT_EQ(report.worst.size(), 24);
  const at::Tensor losses =
      -four_classes().outputs.log_softmax(1).gather(1, four_classes().targets.unsqueeze(1));
  const at::Tensor order = losses.squeeze(1).argsort(0, /*descending=*/true);
  for (size_t i = 0; i < report.worst.size(); ++i) {
    EXPECT_EQ(report.worst[i].index, order[static_cast<int64_t>(i)].item<int64_t>());
    EXPECT_NEAR(report.worst[i].true_probability, std::exp(-report.worst[i].loss), kClose);
  }
}

TEST(ClassScorer, OfOneClassAloneHasNoRoc) {
  const EvaluationReport report = score(made_classes(3, [](int64_t) { return 2; }), class_options(3), 2);
  EXPECT_TRUE(std::isnan(report.metrics.at("roc_auc")));
  EXPECT_EQ(report.metrics.at("average_precision"), 1);
  EXPECT_THAT(to_json(report), HasSubstr("\"roc_auc\":null"));
  const std::string page = to_html(report);
  EXPECT_THAT(page, HasSubstr("<td>–</td>"));
  EXPECT_THAT(page, HasSubstr("Of one class alone there is no ROC curve."));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(ClassScorer, LeavesCurvesOutThatWouldTakeTooMuchMemory) {
  ScorerOptions options = class_options(4);
  options.most_scores = 4 * kSamples - 1;
  const EvaluationReport report = score(four_classes(), options, 2);
  EXPECT_FALSE(report.metrics.contains("roc_auc"));
  EXPECT_NEAR(report.metrics.at("accuracy"), 0.36, kClose);
  const std::string reason = "200 samples of 4 classes have more than the 799 scores";
  EXPECT_THAT(to_json(report), HasSubstr(reason));
  EXPECT_THAT(to_html(report), HasSubstr(reason));
}

TEST(ClassScorer, RefusesWhatIsNotFiniteAndClassesOfNoModel) {
  Samples samples = four_classes();
  samples.outputs[77][2] = std::nan("");
  try {
    score(samples, class_options(4));
    ADD_FAILURE() << "it was scored";
  } catch (const NotFiniteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("sample 77 of the test data are not finite"));
  }
  samples = four_classes();
  samples.targets[9] = 4;
  try {
    score(samples, class_options(4));
    ADD_FAILURE() << "it was scored";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("sample 9 of the test data is of class 4, which lies outside the 4 classes"));
  }
}

/// t = sin(0.7 i) + 0.01 i, predicted t + 0.3 cos(1.9 i); in the data's unit 4 t + 10.
EvaluationReport score_numbers(int ranks, int64_t most_scores = kMostScores) {
  Samples samples{at::empty({kSamples, 1}, at::kDouble), at::empty({kSamples}, at::kDouble)};
  for (int64_t i = 0; i < kSamples; ++i) {
    const auto x = static_cast<double>(i);
    const double target = std::sin(0.7 * x) + 0.01 * x;
    samples.targets[i] = target;
    samples.outputs[i][0] = target + 0.3 * std::cos(1.9 * x);
  }
  const ScorerOptions options{
      .scoring = {.loss = {.kind = nn::LossKind::kSquaredError}, .scale = 4, .shift = 10, .centre = 1},
      .samples = kSamples,
      .most_scores = most_scores};
  return score(samples, options, ranks);
}

TEST(NumberScorer, AgreesWithScikitLearn) {
  const EvaluationReport report = score_numbers(3);
  expect_metrics(report, {{"loss", 0.045014021415687486},
                          {"rmse", 0.8486603223027452},
                          {"mae", 0.7639105117251864},
                          {"r2", 0.9448250756397311}});
  ASSERT_EQ(report.numbers->points.size(), kSamples);
  EXPECT_NEAR(report.numbers->points[3].x, 4 * (std::sin(2.1) + 0.03) + 10, kClose);
  EXPECT_NEAR(report.numbers->points[3].y, report.numbers->points[3].x + 1.2 * std::cos(5.7), kClose);
  const metrics::Histogram& residuals = report.numbers->residuals.value();
  EXPECT_EQ(std::accumulate(residuals.counts.begin(), residuals.counts.end(), int64_t{0}), kSamples);
  EXPECT_NEAR(residuals.high, 1.2, 1e-3) << "the largest of 1.2 cos(1.9 i), at i = 0";
}

TEST(NumberScorer, GivesTheSameBytesOnAnyNumberOfRanks) {
  const std::string expected = to_json(score_numbers(1));
  for (const int ranks : {2, 3, 4}) EXPECT_EQ(to_json(score_numbers(ranks)), expected);
  EXPECT_THAT(to_json(score_numbers(2, 10)),
              HasSubstr("200 samples are more than the 10 whose residuals are kept"));
}

}  // namespace
}  // namespace echelon::train::testing
