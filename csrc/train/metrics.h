// What predictions are scored by, as sums that may be taken in parts: over batches and over ranks.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <span>
#include <string>

#include "nn/loss.h"

namespace echelon::train {

/// Metrics by name, means over every target: "loss" (nats for classes), and
///   of classes "accuracy" and "accuracy_top5" (shares), of language models "perplexity" (exp of the loss);
///   of numbers "rmse" and "mae", in the target's own unit, and "r2", 1 − Σ(error²) / Σ((target − mean)²),
///   which is not a number where all targets are the same.
using Metrics = std::map<std::string, double>;

/// Which of the metrics is best when it is highest.
bool higher_is_better(const std::string& metric);

struct Scoring {
  nn::LossOptions loss;
  bool language_model = false;
  /// Of numbers: a target of the data is (number − shift) / scale; `centre` is near the mean of the targets
  /// of the data, so that sums of squares around it lose no digits.
  double scale = 1;
  double shift = 0;
  double centre = 0;

  bool of_numbers() const { return loss.kind != nn::LossKind::kCrossEntropy; }
};

/// How many sums there are.
constexpr int64_t kMetricSums = 6;

/// float64 [kMetricSums] on the device of `outputs`. `targets` of which `counted` are not ignored.
at::Tensor metric_sums(const Scoring& scoring, const at::Tensor& outputs, const at::Tensor& targets,
                       int64_t counted);

/// How many targets the sums are over.
int64_t counted_targets(std::span<const double> sums);

/// Of the sums of all parts, of at least one target.
Metrics metrics_of(const Scoring& scoring, std::span<const double> sums);

/// "loss 0.0712, accuracy 97.90 %, accuracy_top5 99.96 %".
std::string to_string(const Metrics& metrics);

}  // namespace echelon::train
