// From which of several sources the sample at each position comes, by weight: a pure function of (key,
// position).
//
// Weights are brought to whole numbers, and every run of as many positions as their sum holds each source
// exactly as often as its number says, in an order that is permuted anew for every run. So the shares are
// exact in the long run, no sample of a source is passed over, and neither memory nor time grow with the
// position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/order/permutation.h"

namespace echelon::data {

/// The smallest whole numbers in the ratio of `weights` (positive) if their sum is at most a million; else
/// those that sum to a million and come nearest, none of them zero.
std::vector<int64_t> whole_weights(const std::vector<double>& weights);

/// Not for several threads at once: it remembers the run asked for last.
class Mixture {
 public:
  Mixture(const std::vector<double>& weights, uint64_t key);

  struct Draw {
    size_t source = 0;
    int64_t place = 0;  ///< in that source's own order, counted over its epochs: each comes once
  };
  Draw at(int64_t position);

  /// How many samples of `source` stand before `position`; between the ends of runs the expected number.
  double drawn(size_t source, int64_t position) const;

 private:
  uint64_t key_;
  std::vector<int64_t> ends_;  ///< of each source's part of a run before it is permuted
  int64_t run_ = -1;
  Permutation permutation_;
};

}  // namespace echelon::data
