#include "metrics/histogram.h"

#include <algorithm>

#include "common/error.h"

namespace echelon::metrics {

double Histogram::edge(size_t bin) const {
  const double share = static_cast<double>(bin) / static_cast<double>(counts.size());
  return bin == counts.size() ? high : low + share * (high - low);
}

Histogram make_histogram(std::span<const double> values, double low, double high, size_t bins) {
  Histogram histogram{low, high, std::vector<int64_t>(bins)};
  const double width = (high - low) / static_cast<double>(bins);
  for (const double value : values) {
    if (!(value >= low && value <= high)) throw InternalError("a value outside of the range of a histogram");
    const size_t bin = width > 0 ? static_cast<size_t>((value - low) / width) : bins / 2;
    ++histogram.counts[std::min(bin, bins - 1)];
  }
  return histogram;
}

}  // namespace echelon::metrics
