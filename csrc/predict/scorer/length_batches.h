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

/// The same without a limit to their number: the longest of a batch is at most twice as long as its shortest.
std::vector<std::vector<int64_t>> length_groups(std::span<const int64_t> lengths);

}  // namespace echelon::predict
