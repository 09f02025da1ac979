#include "metrics/ranking.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/format.h"

namespace echelon::metrics {
namespace {

void require_numbers(std::span<const ScoredSample> samples) {
  const auto bad = std::ranges::find_if(samples, [](const ScoredSample& s) { return std::isnan(s.score); });
  if (bad != samples.end())
    throw DataError(
        str_format("the score of sample {} of {} is not a number, so samples cannot be ranked by it",
                   bad - samples.begin(), samples.size()));
}

/// Goes through the thresholds from the highest score down.
class Sweep {
 public:
  explicit Sweep(Ranking& ranking)
      : ranking_(ranking),
        positives_(static_cast<double>(ranking.positives)),
        negatives_(static_cast<double>(ranking.negatives)) {
    roc_.add({0, 0});
  }

  /// So many of each kind have the same score, the next lower one.
  void step(int64_t positives, int64_t negatives) {
    const double before = static_cast<double>(true_positives_) / positives_;
    doubled_area_ += static_cast<double>(negatives) * static_cast<double>(2 * true_positives_ + positives);
    true_positives_ += positives;
    false_positives_ += negatives;
    const double recall = static_cast<double>(true_positives_) / positives_;
    const double precision =
        static_cast<double>(true_positives_) / static_cast<double>(true_positives_ + false_positives_);
    precision_area_ += (recall - before) * precision;
    if (ranking_.negatives > 0) roc_.add({static_cast<double>(false_positives_) / negatives_, recall});
    if (positives > 0) precision_recall_.add({before, precision});
    precision_recall_.add({recall, precision});
  }

  void finish() {
    ranking_.average_precision = precision_area_;
    ranking_.precision_recall = precision_recall_.finish();
    if (ranking_.negatives == 0) return;
    ranking_.roc_auc = doubled_area_ / (2 * positives_ * negatives_);
    ranking_.roc = roc_.finish();
  }

 private:
  Ranking& ranking_;
  double positives_, negatives_;
  int64_t true_positives_ = 0, false_positives_ = 0;
  double doubled_area_ = 0;  ///< whole, exact below 2^53
  double precision_area_ = 0;
  CurveThinner roc_, precision_recall_;
};

}  // namespace

Ranking rank_samples(std::span<ScoredSample> samples) {
  require_numbers(samples);
  Ranking ranking;
  ranking.positives = std::ranges::count(samples, true, &ScoredSample::positive);
  ranking.negatives = static_cast<int64_t>(samples.size()) - ranking.positives;
  if (ranking.positives == 0) return ranking;
  std::ranges::sort(samples, std::ranges::greater{}, &ScoredSample::score);
  Sweep sweep(ranking);
  for (size_t begin = 0, end = 0; begin < samples.size(); begin = end) {
    int64_t positives = 0;
    for (; end < samples.size() && samples[end].score == samples[begin].score; ++end)
      positives += samples[end].positive ? 1 : 0;
    sweep.step(positives, static_cast<int64_t>(end - begin) - positives);
  }
  sweep.finish();
  return ranking;
}

}  // namespace echelon::metrics
