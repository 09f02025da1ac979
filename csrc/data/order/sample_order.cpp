#include "data/order/sample_order.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"

namespace echelon::data {
namespace {

int64_t whole_batches(int64_t samples, const OrderOptions& options) {
  const int64_t batch = options.global_batch;
  if (batch < 1) throw InternalError(str_format("a global batch of {} samples", batch));
  if (samples < 1) throw DataError("the training data holds no samples");
  if (options.last_batch == LastBatch::kPad) return (samples + batch - 1) / batch * batch;
  if (samples < batch) {
    throw DataError(
        str_format("the training data holds {} samples, fewer than one global batch of {}; set global_batch "
                   "to at most {}, add data, or let last_batch: pad repeat samples",
                   samples, batch, samples));
  }
  return samples / batch * batch;
}

/// Starts of the blocks that lie in samples [first, first + samples), counted from `first`.
std::vector<int64_t> blocks_within(const std::vector<int64_t>& starts, int64_t first, int64_t samples) {
  std::vector<int64_t> within{0};
  for (const int64_t start : starts) {
    if (start > first && start < first + samples) within.push_back(start - first);
  }
  return within;
}

std::unique_ptr<EpochOrder> make_order(const Dataset& dataset, int64_t first, int64_t samples,
                                       const ShuffleSettings& shuffle, uint64_t key) {
  if (!shuffle.enabled) return std::make_unique<NaturalOrder>();
  if (!shuffle.shards) return std::make_unique<ShuffledOrder>(samples, key);
  return std::make_unique<BlockShuffledOrder>(blocks_within(dataset.blocks(), first, samples), samples,
                                              *shuffle.shards, key);
}

}  // namespace

SampleOrder::SampleOrder(const Dataset& dataset, const OrderOptions& options)
    : samples_per_epoch_(whole_batches(dataset.size(), options)),
      augmentation_key_(derive_key(options.seed, "augmentation")) {
  const uint64_t key = derive_key(options.seed, "sample order");
  const std::vector<WeightedSource> weighted = dataset.sources();
  if (weighted.empty()) {
    const int64_t samples = dataset.size();
    sources_.push_back({0, samples, make_order(dataset, 0, samples, options.shuffle, key)});
    return;
  }
  int64_t first = 0;
  std::vector<double> weights;
  for (const WeightedSource& source : weighted) {
    const uint64_t own_key = derive_key(key, source.name);
    auto order = make_order(dataset, first, source.samples, options.shuffle, own_key);
    sources_.push_back({first, source.samples, std::move(order)});
    weights.push_back(source.weight);
    first += source.samples;
  }
  mixture_.emplace(weights, derive_key(options.seed, "mixture"));
}

SampleReference SampleOrder::reference(Source& source, int64_t epoch, int64_t place) {
  const int64_t index = source.first + source.order->at(epoch, place);
  const uint64_t epoch_key = derive_key(augmentation_key_, static_cast<uint64_t>(epoch));
  return {index, derive_key(epoch_key, static_cast<uint64_t>(index))};
}

SampleReference SampleOrder::at(int64_t position) {
  if (mixture_) {
    const Mixture::Draw draw = mixture_->at(position);
    Source& source = sources_[draw.source];
    return reference(source, draw.place / source.samples, draw.place % source.samples);
  }
  Source& all = sources_.front();
  const int64_t place = position % samples_per_epoch_;
  return reference(all, position / samples_per_epoch_, place % all.samples);
}

std::vector<double> SampleOrder::source_epochs(int64_t position) const {
  std::vector<double> epochs;
  for (size_t i = 0; mixture_ && i < sources_.size(); ++i)
    epochs.push_back(mixture_->drawn(i, position) / static_cast<double>(sources_[i].samples));
  return epochs;
}

}  // namespace echelon::data
