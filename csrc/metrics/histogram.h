// How many values lie where, in bins of equal width. Counts of parts add up.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace echelon::metrics {

struct Histogram {
  double low = 0, high = 0;     ///< both within the range
  std::vector<int64_t> counts;  ///< by bin, rising

  double edge(size_t bin) const;  ///< the lower one; of counts.size(): high
};

/// Of values in [low, high]; all in the middle bin where those are equal. Throws InternalError for a value
/// outside.
Histogram make_histogram(std::span<const double> values, double low, double high, size_t bins);

}  // namespace echelon::metrics
