#include "tokenizer/merge_workspace.h"

#include <algorithm>

namespace echelon::tokenizer {
namespace {

constexpr size_t kShort = 64;
constexpr uint32_t kNone = ~uint32_t{0}, kGone = ~uint32_t{0};  // no token is that large
constexpr size_t kKeptPlaces = 1 << 16;

}  // namespace

void MergeWorkspace::merge(std::span<uint32_t> symbols, const MergeTable& table, std::vector<uint32_t>& ids) {
  if (symbols.size() <= kShort) return merge_short(symbols, table, ids);
  merge_long(symbols, table, ids);
}

void MergeWorkspace::merge_short(std::span<uint32_t> symbols, const MergeTable& table,
                                 std::vector<uint32_t>& ids) {
  size_t count = symbols.size();
  ranks_.resize(kShort);
  for (size_t i = 0; i + 1 < count; ++i) ranks_[i] = table.find(symbols[i], symbols[i + 1]).rank;
  while (count > 1) {
    const auto best = std::min_element(ranks_.begin(), ranks_.begin() + static_cast<int64_t>(count) - 1);
    if (*best == MergeTable::kNever) break;
    const auto at = static_cast<size_t>(best - ranks_.begin());
    symbols[at] = table.find(symbols[at], symbols[at + 1]).result;
    std::copy(symbols.begin() + static_cast<int64_t>(at) + 2, symbols.begin() + static_cast<int64_t>(count),
              symbols.begin() + static_cast<int64_t>(at) + 1);
    std::copy(best + 1, ranks_.begin() + static_cast<int64_t>(count) - 1, best);
    --count;
    if (at > 0) ranks_[at - 1] = table.find(symbols[at - 1], symbols[at]).rank;
    if (at + 1 < count) ranks_[at] = table.find(symbols[at], symbols[at + 1]).rank;
  }
  ids.insert(ids.end(), symbols.begin(), symbols.begin() + static_cast<int64_t>(count));
}

MergeWorkspace::Bucket& MergeWorkspace::bucket_of(uint32_t rank) {
  if (rank == last_rank_) return buckets_[last_bucket_];
  const auto [found, is_new] = by_rank_.emplace(rank, used_buckets_);
  if (is_new && used_buckets_++ == buckets_.size()) buckets_.emplace_back();
  last_rank_ = rank;
  last_bucket_ = found->second;
  Bucket& bucket = buckets_[found->second];
  if (is_new) {
    bucket.places.clear();
    bucket.done = 0;
    bucket.in_order = true;
  }
  return bucket;
}

void MergeWorkspace::consider(std::span<const uint32_t> symbols, const MergeTable& table, uint32_t place) {
  if (next_[place] == kNone) return;
  const uint32_t rank = table.find(symbols[place], symbols[next_[place]]).rank;
  if (rank == MergeTable::kNever) return;
  Bucket& bucket = bucket_of(rank);
  if (bucket.done == bucket.places.size()) waiting_.push(rank);
  if (bucket.done < bucket.places.size() && bucket.places.back() > place) bucket.in_order = false;
  bucket.places.push_back(place);
}

void MergeWorkspace::merge_long(std::span<uint32_t> symbols, const MergeTable& table,
                                std::vector<uint32_t>& ids) {
  const auto count = static_cast<uint32_t>(symbols.size());
  next_.resize(count);
  previous_.resize(count);
  by_rank_.clear();
  used_buckets_ = 0;
  last_rank_ = MergeTable::kNever;
  for (uint32_t i = 0; i < count; ++i) {
    next_[i] = i + 1 < count ? i + 1 : kNone;
    previous_[i] = i - 1;  // kNone for the first
  }
  for (uint32_t i = 0; i + 1 < count; ++i) consider(symbols, table, i);
  while (!waiting_.empty()) {
    const uint32_t rank = waiting_.top();
    Bucket& bucket = bucket_of(rank);
    if (bucket.done == bucket.places.size()) {
      waiting_.pop();
      continue;
    }
    if (!bucket.in_order) {
      std::sort(bucket.places.begin() + static_cast<int64_t>(bucket.done), bucket.places.end());
      bucket.in_order = true;
    }
    const uint32_t place = bucket.places[bucket.done++];
    if (bucket.done == bucket.places.size()) {
      bucket.places.clear();
      bucket.done = 0;
      waiting_.pop();
    }
    // Stale when either side has merged with another neighbour since.
    if (symbols[place] == kGone || next_[place] == kNone) continue;
    const uint32_t right = next_[place];
    const MergeTable::Rule rule = table.find(symbols[place], symbols[right]);
    if (rule.rank != rank) continue;
    symbols[place] = rule.result;
    symbols[right] = kGone;
    next_[place] = next_[right];
    if (next_[place] != kNone) previous_[next_[place]] = place;
    if (previous_[place] != kNone) consider(symbols, table, previous_[place]);
    consider(symbols, table, place);
  }
  std::copy_if(symbols.begin(), symbols.end(), std::back_inserter(ids),
               [](uint32_t id) { return id != kGone; });
  if (count > kKeptPlaces) *this = {};  // a long word's memory is not kept
}

}  // namespace echelon::tokenizer
