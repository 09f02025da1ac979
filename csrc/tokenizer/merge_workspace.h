// Merging the tokens of one word: the pair of the lowest rank first, the leftmost of equals.
#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

#include "tokenizer/merge_table.h"

namespace echelon::tokenizer {

class MergeWorkspace {
 public:
  /// Appends to `ids` what is left of `symbols`, which it uses up. In time about linear in the length of long
  /// words: every symbol is merged once, and of equal ranks those known together are put in order together.
  void merge(std::span<uint32_t> symbols, const MergeTable& table, std::vector<uint32_t>& ids);

 private:
  struct Bucket {
    std::vector<uint32_t> places;
    size_t done = 0;
    bool in_order = true;  ///< from `done` on
  };

  void merge_short(std::span<uint32_t> symbols, const MergeTable& table, std::vector<uint32_t>& ids);
  void merge_long(std::span<uint32_t> symbols, const MergeTable& table, std::vector<uint32_t>& ids);
  void consider(std::span<const uint32_t> symbols, const MergeTable& table, uint32_t place);
  Bucket& bucket_of(uint32_t rank);

  std::vector<uint32_t> ranks_;            ///< of the pair that starts at each symbol, for short words
  std::vector<uint32_t> next_, previous_;  ///< living neighbours, for long ones
  std::vector<Bucket> buckets_;
  size_t used_buckets_ = 0;
  std::unordered_map<uint32_t, size_t> by_rank_;
  uint32_t last_rank_ = MergeTable::kNever;  ///< that was asked for, and its bucket
  size_t last_bucket_ = 0;
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> waiting_;  ///< ranks with places
};

}  // namespace echelon::tokenizer
