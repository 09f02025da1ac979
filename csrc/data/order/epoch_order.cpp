#include "data/order/epoch_order.h"

#include <algorithm>
#include <utility>

#include "common/random.h"

namespace echelon::data {

ShuffledOrder::ShuffledOrder(int64_t samples, uint64_t key) : key_(key), permutation_(samples, 0) {}

int64_t ShuffledOrder::at(int64_t epoch, int64_t place) {
  if (epoch != std::exchange(epoch_, epoch))
    permutation_ = Permutation(permutation_.size(), derive_key(key_, static_cast<uint64_t>(epoch)));
  return permutation_(place);
}

BlockShuffledOrder::BlockShuffledOrder(std::vector<int64_t> starts, int64_t samples, int64_t window,
                                       uint64_t key)
    : starts_(std::move(starts)),
      samples_(samples),
      window_blocks_(window),
      key_(key),
      permutation_(samples, 0) {}

int64_t BlockShuffledOrder::block_size(int64_t block) const {
  const auto next = static_cast<size_t>(block) + 1;
  return (next == starts_.size() ? samples_ : starts_[next]) - starts_[next - 1];
}

void BlockShuffledOrder::enter_epoch(int64_t epoch) {
  epoch_ = epoch;
  window_ = -1;
  epoch_key_ = derive_key(key_, static_cast<uint64_t>(epoch));
  const Permutation order(blocks(), derive_key(epoch_key_, "blocks"));
  turns_.clear();
  passed_.assign(1, 0);
  for (int64_t turn = 0; turn < blocks(); ++turn) {
    turns_.push_back(order(turn));
    passed_.push_back(passed_.back() + block_size(turns_.back()));
  }
}

int64_t BlockShuffledOrder::turn_of(int64_t place) const {
  return std::upper_bound(passed_.begin(), passed_.end(), place) - passed_.begin() - 1;
}

void BlockShuffledOrder::enter_window(int64_t window) {
  window_ = window;
  const int64_t first = window * window_blocks_, last = std::min(first + window_blocks_, blocks());
  const int64_t samples = passed_[static_cast<size_t>(last)] - passed_[static_cast<size_t>(first)];
  permutation_ = Permutation(samples, derive_key(epoch_key_, static_cast<uint64_t>(window)));
}

int64_t BlockShuffledOrder::at(int64_t epoch, int64_t place) {
  if (epoch != epoch_) enter_epoch(epoch);
  const int64_t window = turn_of(place) / window_blocks_;
  if (window != window_) enter_window(window);
  const int64_t begin = passed_[static_cast<size_t>(window * window_blocks_)];
  const int64_t shuffled = begin + permutation_(place - begin);
  const auto turn = static_cast<size_t>(turn_of(shuffled));
  return starts_[static_cast<size_t>(turns_[turn])] + shuffled - passed_[turn];
}

}  // namespace echelon::data
