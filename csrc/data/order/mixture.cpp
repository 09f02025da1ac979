#include "data/order/mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "common/random.h"

namespace echelon::data {
namespace {

constexpr int64_t kLongestRun = 1'000'000;

/// Weights of at most six decimals as the whole numbers that they stand for.
std::optional<std::vector<int64_t>> as_decimals(const std::vector<double>& weights) {
  for (double scale = 1; scale <= 1e6; scale *= 10) {
    std::vector<int64_t> whole;
    for (const double weight : weights) {
      const double scaled = weight * scale;
      if (scaled > 1e15 || std::abs(scaled - std::round(scaled)) > 1e-9 * scaled) break;
      whole.push_back(std::llround(scaled));
    }
    if (whole.size() == weights.size()) return whole;
  }
  return std::nullopt;
}

std::vector<int64_t> nearest(const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int64_t> whole;
  for (const double weight : weights) {
    const double share = weight / sum * static_cast<double>(kLongestRun);
    whole.push_back(std::max<int64_t>(1, std::llround(share)));
  }
  // What rounding has left over goes to the largest, where it weighs least.
  *std::max_element(whole.begin(), whole.end()) +=
      kLongestRun - std::accumulate(whole.begin(), whole.end(), int64_t{0});
  return whole;
}

}  // namespace

std::vector<int64_t> whole_weights(const std::vector<double>& weights) {
  if (std::optional<std::vector<int64_t>> whole = as_decimals(weights)) {
    int64_t divisor = 0;
    for (const int64_t weight : *whole) divisor = std::gcd(divisor, weight);
    double sum = 0;
    for (int64_t& weight : *whole) sum += static_cast<double>(weight /= divisor);
    if (sum <= static_cast<double>(kLongestRun)) return *whole;
  }
  return nearest(weights);
}

Mixture::Mixture(const std::vector<double>& weights, uint64_t key)
    : key_(key), ends_(whole_weights(weights)), permutation_(1, 0) {
  std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
  permutation_ = Permutation(ends_.back(), 0);
}

Mixture::Draw Mixture::at(int64_t position) {
  const int64_t length = ends_.back(), run = position / length;
  if (run != run_) {
    run_ = run;
    permutation_ = Permutation(length, derive_key(key_, static_cast<uint64_t>(run)));
  }
  const int64_t drawn = permutation_(position % length);
  const auto source =
      static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), drawn) - ends_.begin());
  const int64_t begin = source == 0 ? 0 : ends_[source - 1];
  return {source, run * (ends_[source] - begin) + drawn - begin};
}

double Mixture::drawn(size_t source, int64_t position) const {
  const int64_t share = ends_[source] - (source == 0 ? 0 : ends_[source - 1]);
  return static_cast<double>(position) * static_cast<double>(share) / static_cast<double>(ends_.back());
}

}  // namespace echelon::data
