#include "inspect/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/format.h"

namespace echelon::inspect {
namespace {

constexpr size_t kShownProblems = 10;

}  // namespace

void Report::row(std::string_view name, std::string_view value) {
  text_ += str_format("  {:<12}  {}\n", name, value);
}

void Report::line(std::string_view text) {
  text_ += text;
  text_ += '\n';
}

void Report::problem(const std::string& what) {
  ++problems_;
  if (first_problems_.size() < kShownProblems) first_problems_.push_back(what);
}

std::string Report::text() const {
  if (problems_ == 0) return text_;
  std::string text =
      text_ + str_format("damage: {} {}\n", problems_, problems_ == 1 ? "problem" : "problems");
  for (const std::string& problem : first_problems_) text += str_format("  {}\n", problem);
  const auto shown = static_cast<int64_t>(first_problems_.size());
  if (problems_ > shown) text += str_format("  and {} more\n", problems_ - shown);
  return text;
}

std::string Distribution::text() const {
  if (values_.empty()) return "none";
  std::vector<int64_t> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<double>(sorted.size());
  // The smallest value that at least this share of all do not exceed.
  const auto quantile = [&](double share) {
    return sorted[static_cast<size_t>(std::max(0.0, std::ceil(share * count - 1e-9) - 1))];
  };
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / count;
  return str_format("{} to {}, median {}, mean {:.1f}, 95 % up to {}", sorted.front(), sorted.back(),
                    quantile(0.5), mean, quantile(0.95));
}

}  // namespace echelon::inspect
