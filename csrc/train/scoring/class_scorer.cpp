#include <ATen/ATen.h>

#include <limits>
#include <numeric>

#include "common/error.h"
#include "common/format.h"
#include "train/scoring/exchange.h"
#include "train/scoring/rankings.h"
#include "train/scoring/scorer.h"
#include "train/scoring/worst_samples.h"

namespace echelon::train {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

class ClassScorer final : public Scorer {
 public:
  explicit ClassScorer(const ScorerOptions& options) : options_(options), counts_(options.classes) {
    if (options.classes == 2) {
      scores_.classes = {1};
    } else {
      scores_.classes.resize(static_cast<size_t>(options.classes));
      std::iota(scores_.classes.begin(), scores_.classes.end(), 0);
    }
    const auto columns = static_cast<int64_t>(scores_.classes.size());
    ranks_classes_ = options.samples <= options.most_scores / columns;
  }

  void add(const at::Tensor& outputs, const data::Batch& batch) override {
    if (batch.samples == 0) return;
    const at::Tensor logits = outputs.detach().reshape({-1, options_.classes}).cpu().to(at::kDouble);
    require_finite(logits, batch);
    const at::Tensor targets = batch.target.cpu();
    require_classes(targets, batch);
    top5_ += nn::count_correct(logits, targets).top5.item<int64_t>();
    const at::Tensor log_probabilities = logits.log_softmax(1);
    const at::Tensor predicted = logits.argmax(1);
    for (int64_t row = 0; row < logits.size(0); ++row) {
      add_sample(log_probabilities.const_data_ptr<double>() + row * options_.classes,
                 targets.const_data_ptr<int64_t>()[row], predicted.const_data_ptr<int64_t>()[row],
                 batch.indices.at(static_cast<size_t>(row)));
    }
    if (ranks_classes_) keep_scores(log_probabilities.exp(), targets);
  }

  void finish(Communicator& comm, EvaluationReport& report) override {
    sum_over_ranks(comm, counts_.numbers(), "counts of classes");
    sum_over_ranks(comm, {&top5_, 1}, "samples among the first five classes");
    sum_over_ranks(comm, {&loss_, 1}, "losses");
    report.samples = report.targets = counts_.total();
    if (report.samples == 0) throw DataError("the test data holds no usable sample; look at data.test");
    report.worst = worst_.gather(comm);
    ClassResults results{.names = {}, .counts = counts_, .report = report_classes(counts_)};
    if (ranks_classes_) {
      results.rankings = gather_rankings(comm, scores_);
    } else {
      results.no_rankings =
          str_format("{} samples of {} classes have more than the {} scores that are gathered for curves",
                     options_.samples, options_.classes, options_.most_scores);
    }
    add_metrics(results, report);
    report.classes = std::move(results);
  }

 private:
  void require_classes(const at::Tensor& targets, const data::Batch& batch) const {
    for (int64_t row = 0; row < targets.numel(); ++row) {
      const int64_t c = targets.const_data_ptr<int64_t>()[row];
      if (c >= 0 && c < options_.classes) continue;
      throw DataError(
          str_format("sample {} of the test data is of class {}, which lies outside the {} classes of the "
                     "model (0 to {})",
                     batch.indices.at(static_cast<size_t>(row)), c, options_.classes, options_.classes - 1));
    }
  }

  void add_sample(const double* log_probabilities, int64_t truth, int64_t predicted, int64_t index) {
    counts_.add(truth, predicted);
    const double loss = -log_probabilities[truth];
    loss_.add(loss);
    worst_.add({.index = index,
                .loss = loss,
                .truth = static_cast<double>(truth),
                .predicted = static_cast<double>(predicted),
                .probability = std::exp(log_probabilities[predicted]),
                .true_probability = std::exp(-loss)});
  }

  void keep_scores(const at::Tensor& probabilities, const at::Tensor& targets) {
    const at::Tensor kept =
        (options_.classes == 2 ? probabilities.slice(1, 1, 2) : probabilities).to(at::kFloat).contiguous();
    const auto* scores = kept.const_data_ptr<float>();
    scores_.scores.insert(scores_.scores.end(), scores, scores + kept.numel());
    const auto* labels = targets.const_data_ptr<int64_t>();
    scores_.labels.insert(scores_.labels.end(), labels, labels + targets.numel());
  }

  void add_metrics(const ClassResults& results, EvaluationReport& report) {
    const auto count = static_cast<double>(report.samples);
    report.metrics = {{"loss", loss_.value() / count},
                      {"accuracy", results.report.accuracy},
                      {"accuracy_top5", static_cast<double>(top5_) / count},
                      {"precision_macro", results.report.macro.precision},
                      {"recall_macro", results.report.macro.recall},
                      {"f1_macro", results.report.macro.f1},
                      {"f1_weighted", results.report.weighted.f1}};
    if (results.rankings.empty()) return;
    report.metrics["roc_auc"] = mean_roc_auc(results).value_or(kUndefined);
    report.metrics["average_precision"] = mean_average_precision(results).value_or(kUndefined);
  }

  ScorerOptions options_;
  metrics::ConfusionCounts counts_;
  metrics::ExactSum loss_;
  int64_t top5_ = 0;
  WorstSamples worst_;
  bool ranks_classes_;
  LocalScores scores_;
};

}  // namespace

std::unique_ptr<Scorer> make_class_scorer(const ScorerOptions& options) {
  return std::make_unique<ClassScorer>(options);
}

}  // namespace echelon::train
