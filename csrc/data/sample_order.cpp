#include "data/sample_order.h"

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"

namespace echelon::data {
namespace {

int64_t whole_batches(int64_t samples, int64_t global_batch) {
  if (global_batch < 1) throw InternalError(str_format("a global batch of {} samples", global_batch));
  if (samples < global_batch) {
    throw DataError(str_format(
        "the training data holds {} samples, fewer than one global batch of {}; set global_batch to at "
        "most {} or add data",
        samples, global_batch, samples));
  }
  return samples / global_batch * global_batch;
}

}  // namespace

SampleOrder::SampleOrder(int64_t samples, int64_t global_batch, uint64_t seed, bool shuffle)
    : samples_(samples),
      samples_per_epoch_(whole_batches(samples, global_batch)),
      order_key_(derive_key(seed, "sample order")),
      augmentation_key_(derive_key(seed, "augmentation")),
      shuffle_(shuffle),
      permutation_(samples, 0) {}

void SampleOrder::enter_epoch(int64_t epoch) {
  epoch_ = epoch;
  epoch_augmentation_key_ = derive_key(augmentation_key_, static_cast<uint64_t>(epoch));
  permutation_ = Permutation(samples_, derive_key(order_key_, static_cast<uint64_t>(epoch)));
}

SampleReference SampleOrder::at(int64_t position) {
  const int64_t epoch = epoch_of(position);
  if (epoch != epoch_) enter_epoch(epoch);
  const int64_t place = position - epoch * samples_per_epoch_;
  const int64_t index = shuffle_ ? permutation_(place) : place;
  return {index, derive_key(epoch_augmentation_key_, static_cast<uint64_t>(index))};
}

}  // namespace echelon::data
