#include "train/metrics.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "common/format.h"

namespace echelon::train {
namespace {

/// Of classes: loss, top-1, top-5 and two zeros; of numbers: loss and nn::number_sums(). Targets come last.
at::Tensor class_sums(const at::Tensor& loss, const Scoring&, const at::Tensor& logits,
                      const at::Tensor& targets, int64_t counted) {
  const nn::CorrectCounts correct = nn::count_correct(logits, targets, counted < targets.numel());
  const at::Tensor zero = at::zeros_like(loss);
  return at::stack({loss, correct.top1.to(at::kDouble), correct.top5.to(at::kDouble), zero, zero,
                    at::full_like(loss, static_cast<double>(counted))});
}

Metrics class_metrics(const Scoring& scoring, std::span<const double> sums, double count) {
  Metrics metrics = {
      {"loss", sums[0] / count}, {"accuracy", sums[1] / count}, {"accuracy_top5", sums[2] / count}};
  if (scoring.language_model) metrics["perplexity"] = std::exp(metrics["loss"]);
  return metrics;
}

Metrics number_metrics(const Scoring& scoring, std::span<const double> sums, double count) {
  const double squared = sums[1], absolute = sums[2], distances = sums[3], squared_distances = sums[4];
  const double spread = squared_distances - distances * distances / count;
  return {{"loss", sums[0] / count},
          {"rmse", std::sqrt(squared / count) * scoring.scale},
          {"mae", absolute / count * scoring.scale},
          {"r2", spread > 0 ? 1 - squared / spread : std::numeric_limits<double>::quiet_NaN()}};
}

}  // namespace

bool higher_is_better(const std::string& metric) {
  return metric == "accuracy" || metric == "r2";
}

at::Tensor metric_sums(const Scoring& scoring, const at::Tensor& outputs, const at::Tensor& targets,
                       int64_t counted) {
  nn::LossOptions options = scoring.loss;
  options.label_smoothing = 0;
  const at::Tensor loss =
      nn::loss_sum(outputs, targets, options, counted < targets.numel()).detach().to(at::kDouble);
  if (!scoring.of_numbers()) return class_sums(loss, scoring, outputs, targets, counted);
  return at::cat({loss.reshape({1}), nn::number_sums(outputs, targets, scoring.centre)});
}

int64_t counted_targets(std::span<const double> sums) {
  return static_cast<int64_t>(sums[kMetricSums - 1]);
}

Metrics metrics_of(const Scoring& scoring, std::span<const double> sums) {
  const auto count = static_cast<double>(counted_targets(sums));
  return scoring.of_numbers() ? number_metrics(scoring, sums, count) : class_metrics(scoring, sums, count);
}

std::string to_string(const Metrics& metrics) {
  std::string text;
  for (const char* name : {"loss", "perplexity", "accuracy", "accuracy_top5", "rmse", "mae", "r2"}) {
    const auto found = metrics.find(name);
    if (found == metrics.end()) continue;
    if (!text.empty()) text += ", ";
    const bool share = std::string_view(name).starts_with("accuracy");
    text += share ? str_format("{} {:.2f} %", name, found->second * 100)
                  : str_format("{} {:.4f}", name, found->second);
  }
  return text;
}

}  // namespace echelon::train
