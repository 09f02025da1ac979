// A dataset whose samples are their own numbers, so that tests see the order.
#pragma once

#include <ATen/ATen.h>

#include <set>
#include <thread>

#include "common/error.h"
#include "common/format.h"
#include "data/dataset.h"

namespace echelon::data {

/// Input "key": int64, the key of the augmentation; target: the number of the sample. Samples in `damaged` do
/// not load.
class CountingDataset : public Dataset {
 public:
  explicit CountingDataset(int64_t size, std::set<int64_t> damaged = {}, int microseconds = 0)
      : size_(size), damaged_(std::move(damaged)), microseconds_(microseconds) {}

  int64_t size() const override { return size_; }
  Batch allocate(int64_t samples, at::ScalarType, bool) const override {
    Batch batch;
    batch.inputs["key"] = at::full({samples}, -1, at::kLong);
    batch.target = at::full({samples}, -1, at::kLong);
    return batch;
  }
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override {
    // Later samples sooner: what threads finish out of order must come out in order.
    if (microseconds_ > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(microseconds_ * (index % 5)));
    if (damaged_.contains(index))
      throw DataError(str_format("shard.tar, offset 512, key \"{}\": corrupt", index));
    batch.inputs.at("key").mutable_data_ptr<int64_t>()[row] = static_cast<int64_t>(key);
    batch.target.mutable_data_ptr<int64_t>()[row] = index;
  }

 private:
  int64_t size_;
  std::set<int64_t> damaged_;
  int microseconds_;
};

inline std::vector<int64_t> numbers(const at::Tensor& tensor) {
  const auto* data = tensor.const_data_ptr<int64_t>();
  return {data, data + tensor.numel()};
}

}  // namespace echelon::data
