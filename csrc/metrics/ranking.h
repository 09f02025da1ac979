// How well scores tell the samples of one class from the others, at every threshold.
//
// Definitions are those of scikit-learn: roc_curve and roc_auc_score (trapezoids; equal scores are one
// threshold), precision_recall_curve and average_precision_score (the sum of steps, not interpolated).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/curve.h"

namespace echelon::metrics {

struct ScoredSample {
  float score = 0;
  bool positive = false;
};

/// What has no meaning is absent: all where no sample is positive, those of the ROC also where none is
/// negative.
struct Ranking {
  int64_t positives = 0, negatives = 0;
  std::optional<double> roc_auc;
  std::optional<double> average_precision;
  Curve roc;  ///< true-positive rate over false-positive rate, thinned
  Curve
      precision_recall;  ///< precision over recall, as the steps whose area is the average precision, thinned
};

/// Sorts `samples`. Throws DataError for a score that is not a number.
Ranking rank_samples(std::span<ScoredSample> samples);

}  // namespace echelon::metrics
