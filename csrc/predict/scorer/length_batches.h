// Which texts go through a model together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace echelon::predict {

/// Rows of similar length, by their places in `lengths`: the shortest first, as many together as have at most
/// `tokens` when each is padded to the longest of them, which comes last; at least one. Those of length 0 are
/// left out.
std::vector<std::vector<int64_t>> length_batches(std::span<const int64_t> lengths, int64_t tokens);

}  // namespace echelon::predict
