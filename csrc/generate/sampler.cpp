#include "generate/sampler.h"

#include <algorithm>
#include <cmath>

namespace echelon::generate {

double Sampler::keep_probable() {
  const auto more_probable = [](const Candidate& a, const Candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
  };
  if (sampling_.top_k && static_cast<size_t>(*sampling_.top_k) < candidates_.size()) {
    std::ranges::nth_element(candidates_, candidates_.begin() + *sampling_.top_k, more_probable);
    candidates_.resize(static_cast<size_t>(*sampling_.top_k));
  }
  double sum = 0;
  for (const Candidate& candidate : candidates_) sum += candidate.weight;
  if (sampling_.top_p >= 1) return sum;
  // A heap gives the most probable ones without sorting the rest.
  const auto less_probable = [&](const Candidate& a, const Candidate& b) { return more_probable(b, a); };
  std::ranges::make_heap(candidates_, less_probable);
  double kept = 0;
  auto end = candidates_.end();
  while (kept < sampling_.top_p * sum && end != candidates_.begin()) {
    std::ranges::pop_heap(candidates_.begin(), end, less_probable);
    --end;
    kept += end->weight;
  }
  candidates_.erase(candidates_.begin(), end);
  return kept;
}

template <class T>
std::optional<uint32_t> Sampler::next(std::span<const T> logits, double uniform) {
  if (!std::ranges::all_of(logits, [](T logit) { return std::isfinite(logit); })) return std::nullopt;
  const auto largest = std::ranges::max_element(logits);
  if (sampling_.temperature == 0) return static_cast<uint32_t>(largest - logits.begin());
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    const double below = static_cast<double>(logits[i]) - static_cast<double>(*largest);
    candidates_.push_back({std::exp(below / sampling_.temperature), static_cast<uint32_t>(i)});
  }
  const double drawn = uniform * keep_probable();
  std::ranges::sort(candidates_, {}, &Candidate::token);
  double sum = 0;
  for (const Candidate& candidate : candidates_) {
    sum += candidate.weight;
    if (drawn < sum) return candidate.token;
  }
  return std::ranges::max(candidates_, {}, &Candidate::weight).token;  // rounding left nothing
}

template std::optional<uint32_t> Sampler::next(std::span<const float>, double);
template std::optional<uint32_t> Sampler::next(std::span<const double>, double);

}  // namespace echelon::generate
