#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "train/scoring/exchange.h"
#include "train/scoring/scorer.h"
#include "train/scoring/worst_samples.h"

namespace echelon::train {
namespace {

constexpr int64_t kMostPoints = 2000;
constexpr size_t kBins = 60;

struct IndexedPoint {
  int64_t index;
  metrics::Point point;
};

class NumberScorer final : public Scorer {
 public:
  explicit NumberScorer(const ScorerOptions& options)
      : options_(options),
        stride_((options.samples + kMostPoints - 1) / kMostPoints),
        keeps_residuals_(options.samples <= options.most_scores) {}

  void add(const at::Tensor& outputs, const data::Batch& batch) override {
    if (batch.samples == 0) return;
    const at::Tensor predicted = outputs.detach().reshape({-1}).cpu().to(at::kDouble);
    require_finite(predicted, batch);
    const at::Tensor targets = batch.target.cpu().to(at::kDouble);
    for (int64_t row = 0; row < targets.numel(); ++row) {
      add_sample(predicted.const_data_ptr<double>()[row], targets.const_data_ptr<double>()[row],
                 batch.indices.at(static_cast<size_t>(row)));
    }
  }

  void finish(Communicator& comm, EvaluationReport& report) override {
    sum_over_ranks(comm, {&count_, 1}, "number of samples");
    sum_over_ranks(comm, sums_, "sums of errors");
    report.samples = report.targets = count_;
    if (count_ == 0) throw DataError("the test data holds no usable sample; look at data.test");
    add_metrics(report);
    report.worst = worst_.gather(comm);
    NumberResults results;
    std::vector<IndexedPoint> points = gather_values(comm, points_, "points of predictions");
    std::ranges::sort(points, {}, &IndexedPoint::index);
    for (const IndexedPoint& point : points) results.points.push_back(point.point);
    if (keeps_residuals_) {
      results.residuals = histogram(comm);
    } else {
      results.no_residuals = str_format("{} samples are more than the {} whose residuals are kept",
                                        options_.samples, options_.most_scores);
    }
    report.numbers = std::move(results);
  }

 private:
  enum Sum : size_t { kLoss, kSquares, kAbsolutes, kDistances, kSquaredDistances, kSums };

  double loss_of(double error) const {
    if (options_.scoring.loss.kind == nn::LossKind::kSquaredError) return error * error;
    const double delta = options_.scoring.loss.huber_delta, size = std::abs(error);
    return size <= delta ? error * error / 2 : delta * (size - delta / 2);
  }

  /// As the model predicts and learns them.
  void add_sample(double predicted, double target, int64_t index) {
    const Scoring& scoring = options_.scoring;
    const double error = predicted - target, distance = target - scoring.centre, loss = loss_of(error);
    const std::array<double, kSums> values{loss, error * error, std::abs(error), distance,
                                           distance * distance};
    for (size_t i = 0; i < kSums; ++i) sums_[i].add(values[i]);
    ++count_;
    const metrics::Point shown{target * scoring.scale + scoring.shift,
                               predicted * scoring.scale + scoring.shift};
    worst_.add({.index = index, .loss = loss, .truth = shown.x, .predicted = shown.y});
    if (index % stride_ == 0) points_.push_back({index, shown});
    if (keeps_residuals_) residuals_.push_back(error * scoring.scale);
  }

  void add_metrics(EvaluationReport& report) const {
    const auto count = static_cast<double>(count_);
    const double scale = options_.scoring.scale, squares = sums_[kSquares].value();
    const double distances = sums_[kDistances].value();
    const double spread = sums_[kSquaredDistances].value() - distances * distances / count;
    report.metrics = {{"loss", sums_[kLoss].value() / count},
                      {"rmse", std::sqrt(squares / count) * scale},
                      {"mae", sums_[kAbsolutes].value() / count * scale},
                      {"r2", spread > 0 ? 1 - squares / spread : std::numeric_limits<double>::quiet_NaN()}};
  }

  metrics::Histogram histogram(Communicator& comm) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    at::Tensor ends =
        at::full({2}, kInfinity, at::kDouble);  // the lowest, and the highest with its sign changed
    auto* values = ends.mutable_data_ptr<double>();
    for (const double residual : residuals_) {
      values[0] = std::min(values[0], residual);
      values[1] = std::min(values[1], -residual);
    }
    comm.all_reduce(ends, Reduce::kMin, "range of residuals")->wait();
    // Which of the two zeros is the least depends on the order: + 0.0 makes it the positive one.
    metrics::Histogram result = metrics::make_histogram(residuals_, values[0] + 0.0, -values[1] + 0.0, kBins);
    sum_over_ranks(comm, result.counts, "histogram of residuals");
    return result;
  }

  ScorerOptions options_;
  int64_t stride_;
  bool keeps_residuals_;
  int64_t count_ = 0;
  std::array<metrics::ExactSum, kSums> sums_;
  WorstSamples worst_;
  std::vector<IndexedPoint> points_;
  std::vector<double> residuals_;
};

}  // namespace

std::unique_ptr<Scorer> make_number_scorer(const ScorerOptions& options) {
  return std::make_unique<NumberScorer>(options);
}

}  // namespace echelon::train
