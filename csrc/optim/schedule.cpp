#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace echelon::optim {
namespace {

/// From 1 at share 1 to `low` at share 0.
double between(double low, double share) {
  return low + (1 - low) * share;
}

/// How much of [first, first + length] lies before `step`.
double progress(int64_t step, int64_t first, int64_t length) {
  if (length <= 0) return 1;
  return std::clamp(static_cast<double>(step - first) / static_cast<double>(length), 0.0, 1.0);
}

double wsd_ratio(int64_t step, int64_t total_steps, const ScheduleSettings& s) {
  const int64_t wanted = s.decay_steps.value_or(std::max<int64_t>(1, total_steps / 10));
  const int64_t length = std::clamp<int64_t>(total_steps - s.warmup_steps, 0, wanted);
  const double q = progress(step, total_steps - length, length);
  if (s.decay_shape == "exponential") return std::pow(s.min_ratio, q);
  return between(s.min_ratio, s.decay_shape == "sqrt" ? 1 - std::sqrt(q) : 1 - q);
}

double step_ratio(int64_t step, const ScheduleSettings& s) {
  const int64_t multiplications =
      s.step_size ? step / *s.step_size
                  : std::upper_bound(s.milestones.begin(), s.milestones.end(), step) - s.milestones.begin();
  return std::pow(s.gamma, static_cast<double>(multiplications));
}

double ratio(int64_t step, int64_t total_steps, const ScheduleSettings& s) {
  if (step < s.warmup_steps) return static_cast<double>(step + 1) / static_cast<double>(s.warmup_steps);
  const double p = progress(step, s.warmup_steps, total_steps - s.warmup_steps);
  if (s.name == "linear") return between(s.min_ratio, 1 - p);
  if (s.name == "cosine") return between(s.min_ratio, (1 + std::cos(std::numbers::pi * p)) / 2);
  if (s.name == "wsd") return wsd_ratio(step, total_steps, s);
  if (s.name == "step") return step_ratio(step, s);
  return 1;
}

}  // namespace

double learning_rate(int64_t step, int64_t total_steps, const OptimizerSettings& settings) {
  return settings.lr * ratio(step, total_steps, settings.schedule);
}

}  // namespace echelon::optim
