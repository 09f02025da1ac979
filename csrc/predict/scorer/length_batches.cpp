#include "predict/scorer/length_batches.h"

#include <algorithm>
#include <numeric>

namespace echelon::predict {

std::vector<std::vector<int64_t>> length_batches(std::span<const int64_t> lengths, int64_t tokens) {
  const auto length_of = [&](int64_t row) { return lengths[static_cast<size_t>(row)]; };
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, length_of);
  std::vector<std::vector<int64_t>> batches;
  for (const int64_t row : order) {
    if (length_of(row) == 0) continue;
    if (batches.empty() || length_of(row) * static_cast<int64_t>(batches.back().size() + 1) > tokens)
      batches.emplace_back();
    batches.back().push_back(row);
  }
  return batches;
}

}  // namespace echelon::predict
