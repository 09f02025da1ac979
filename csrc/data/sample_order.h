// Which sample stands at which place of training: a pure function of (seed, epoch, position in the epoch), so
// that no world size, thread count, prefetch depth or restart changes it. The place is one integer, the
// number of samples before.
//
// An epoch holds the first floor(samples / global_batch) · global_batch samples of its own permutation: the
// incomplete last global batch is dropped, and another part of the data falls to it in each epoch.
#pragma once

#include <cstdint>

#include "data/permutation.h"

namespace echelon::data {

/// One sample to load: its number in the dataset and the key of its random augmentation.
struct SampleReference {
  int64_t index = 0;
  uint64_t key = 0;
  bool operator==(const SampleReference&) const = default;
};

class SampleOrder {
 public:
  /// Throws DataError when there are fewer samples than one global batch.
  SampleOrder(int64_t samples, int64_t global_batch, uint64_t seed, bool shuffle);

  int64_t samples_per_epoch() const { return samples_per_epoch_; }
  int64_t epoch_of(int64_t position) const { return position / samples_per_epoch_; }

  /// The sample at `position` ≥ 0, counted over all epochs. Not for several threads at once: it remembers the
  /// permutation of the last epoch asked for.
  SampleReference at(int64_t position);

 private:
  void enter_epoch(int64_t epoch);

  int64_t samples_;
  int64_t samples_per_epoch_;
  uint64_t order_key_;
  uint64_t augmentation_key_;
  bool shuffle_;
  int64_t epoch_ = -1;
  uint64_t epoch_augmentation_key_ = 0;
  Permutation permutation_;
};

}  // namespace echelon::data
