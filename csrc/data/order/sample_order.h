// Which sample stands at which place of training: a pure function of (seed, position), so that no world size,
// thread count, prefetch depth or restart changes it. The place is one integer, the number of samples before.
//
// Without a mixture an epoch holds whole global batches of its own order: under LastBatch::kDrop the first
// floor(samples / global_batch) · global_batch samples, so that another part of the data falls to the
// incomplete last batch in each epoch; under kPad all samples, and the first of the epoch again until the
// last batch is full.
//
// In a mixture (Mixture) each source goes through epochs of its own, as often as its weight asks, and none of
// its samples is passed over. What is called an epoch of the whole is then only a measure: as many samples as
// all sources hold, rounded as above.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/loading_settings.h"
#include "data/order/epoch_order.h"
#include "data/order/mixture.h"

namespace echelon::data {

/// One sample to load: its number in the dataset and the key of its random augmentation, which is a function
/// of (seed, epoch of its source, number).
struct SampleReference {
  int64_t index = 0;
  uint64_t key = 0;
  bool operator==(const SampleReference&) const = default;
};

struct OrderOptions {
  int64_t global_batch = 1;
  uint64_t seed = 0;
  ShuffleSettings shuffle;
  LastBatch last_batch = LastBatch::kDrop;
};

class SampleOrder {
 public:
  /// Throws DataError when there are no samples, or fewer than one global batch that is not padded.
  SampleOrder(const Dataset& dataset, const OrderOptions& options);

  int64_t samples_per_epoch() const { return samples_per_epoch_; }

  /// The sample at `position` ≥ 0, counted over all epochs. Not for several threads at once.
  SampleReference at(int64_t position);

  /// Of each source of a mixture, how many epochs of it stand before `position`.
  std::vector<double> source_epochs(int64_t position) const;

 private:
  struct Source {
    int64_t first = 0;  ///< the number of its first sample in the dataset
    int64_t samples = 0;
    std::unique_ptr<EpochOrder> order;
  };
  SampleReference reference(Source& source, int64_t epoch, int64_t place);

  int64_t samples_per_epoch_;
  uint64_t augmentation_key_;
  std::vector<Source> sources_;
  std::optional<Mixture> mixture_;
};

}  // namespace echelon::data
