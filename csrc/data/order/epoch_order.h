// The order of the samples of one source within an epoch, by random access.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/order/permutation.h"

namespace echelon::data {

/// Not for several threads at once: it remembers what belongs to the epoch asked for last.
class EpochOrder {
 public:
  virtual ~EpochOrder() = default;
  /// The number of the sample at `place`, 0 ≤ place < number of samples, of `epoch` ≥ 0: each once an epoch.
  virtual int64_t at(int64_t epoch, int64_t place) = 0;
};

/// From front to back.
class NaturalOrder final : public EpochOrder {
 public:
  int64_t at(int64_t /*epoch*/, int64_t place) override { return place; }
};

/// Another permutation of all samples in each epoch, in O(1) memory.
class ShuffledOrder final : public EpochOrder {
 public:
  ShuffledOrder(int64_t samples, uint64_t key);
  int64_t at(int64_t epoch, int64_t place) override;

 private:
  uint64_t key_;
  int64_t epoch_ = -1;
  Permutation permutation_;
};

/// For data that is read block by block (shards in an object store or in compressed files): in each epoch the
/// blocks are permuted, then the samples of every `window` blocks that follow each other. So at any time the
/// samples of few blocks are asked for. O(blocks) memory.
class BlockShuffledOrder final : public EpochOrder {
 public:
  /// Block i holds the samples from `starts`[i] to that of the next; the last ends with `samples`. `starts`
  /// begins with 0 and does not fall.
  BlockShuffledOrder(std::vector<int64_t> starts, int64_t samples, int64_t window, uint64_t key);
  int64_t at(int64_t epoch, int64_t place) override;

 private:
  int64_t blocks() const { return static_cast<int64_t>(starts_.size()); }
  int64_t block_size(int64_t block) const;
  void enter_epoch(int64_t epoch);
  void enter_window(int64_t window);
  /// The place in this epoch's order of blocks of the block that holds `place`.
  int64_t turn_of(int64_t place) const;

  std::vector<int64_t> starts_;
  int64_t samples_;
  int64_t window_blocks_;
  uint64_t key_;
  int64_t epoch_ = -1, window_ = -1;
  uint64_t epoch_key_ = 0;
  std::vector<int64_t> turns_;   ///< blocks in the order of this epoch
  std::vector<int64_t> passed_;  ///< samples of the blocks before each turn; at the end all
  Permutation permutation_;      ///< of the samples of this window
};

}  // namespace echelon::data
