#include "predict/scorer/length_batches.h"

#include <algorithm>
#include <functional>

namespace echelon::predict {
namespace {

using Rows = std::vector<int64_t>;

/// `fits`: whether a row may be with those that are there, which are as short or shorter.
std::vector<Rows> batches_by_length(std::span<const int64_t> lengths,
                                    const std::function<bool(const Rows&, int64_t row)>& fits) {
  Rows order;
  for (int64_t row = 0; row < std::ssize(lengths); ++row)
    if (lengths[static_cast<size_t>(row)] > 0) order.push_back(row);
  std::ranges::stable_sort(order, {}, [&](int64_t row) { return lengths[static_cast<size_t>(row)]; });
  std::vector<Rows> batches;
  for (const int64_t row : order) {
    if (batches.empty() || !fits(batches.back(), row)) batches.emplace_back();
    batches.back().push_back(row);
  }
  return batches;
}

}  // namespace

std::vector<Rows> length_batches(std::span<const int64_t> lengths, int64_t tokens) {
  return batches_by_length(lengths, [&](const Rows& rows, int64_t row) {
    return lengths[static_cast<size_t>(row)] * (std::ssize(rows) + 1) <= tokens;
  });
}

std::vector<Rows> length_groups(std::span<const int64_t> lengths) {
  return batches_by_length(lengths, [&](const Rows& rows, int64_t row) {
    return lengths[static_cast<size_t>(row)] <= 2 * lengths[static_cast<size_t>(rows.front())];
  });
}

}  // namespace echelon::predict
