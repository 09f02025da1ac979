// The samples of one split, by number.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace echelon::data {

/// A target that has no part in losses and metrics: padding, or text that is only read.
constexpr int64_t kIgnoredTarget = -100;

/// Images: inputs {"image": [batch, channel, height, width] in the job's type}, target int64 [batch], or,
/// where training mixes samples (data/image/mix_batch.h), float32 [batch, classes]: probabilities.
/// Text: inputs {"tokens": int64 [batch, time]}, target int64 [batch, time] (data/text/dataset.h).
/// Tables: data/table/dataset.h.
struct Batch {
  std::map<std::string, at::Tensor> inputs;
  at::Tensor target;
  int64_t samples = 0;
  int64_t targets = 0;  ///< elements of `target` other than kIgnoredTarget; rows of probabilities
  /// Of a batch that was handed out, the numbers of its samples in the dataset; of training, those that were
  /// asked for, where others have taken the place of damaged ones.
  std::vector<int64_t> indices{};

  /// With those that are kIgnoredTarget.
  int64_t all_targets() const { return target.is_floating_point() ? target.size(0) : target.numel(); }
};

/// A part of a dataset that training draws from by weight.
struct WeightedSource {
  std::string name;
  int64_t samples = 0;
  double weight = 1;
};

/// Random access to samples. Immutable; every function may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Number of samples.
  virtual int64_t size() const = 0;
  /// Samples and shards that were damaged and left out on opening, under `on_error: skip`.
  virtual int64_t left_out() const { return 0; }
  /// The numbers of the first samples of the blocks (shards, as a rule) that are stored together: rising,
  /// beginning with 0.
  virtual std::vector<int64_t> blocks() const { return {0}; }
  /// Of a mixture, its parts in the order of their samples, at least one sample each; else empty.
  virtual std::vector<WeightedSource> sources() const { return {}; }
  /// The class of a sample where that is known without loading it.
  virtual std::optional<int64_t> label(int64_t /*index*/) const { return std::nullopt; }
  /// Where a sample lies, as messages name it; empty where nothing is known but its number.
  virtual std::string place(int64_t /*index*/) const { return {}; }
  /// What the classes are called, by number; empty where the data do not say.
  virtual std::vector<std::string> class_names() const { return {}; }
  /// Whether a target may be kIgnoredTarget.
  virtual bool ignores_targets() const { return false; }
  /// The number of targets of a sample, with those that are kIgnoredTarget: the most, where they differ.
  virtual int64_t targets_per_sample() const { return 1; }
  /// The number of rows that a sample has in the tensors of a batch: the most, where they differ. Only 1 lets
  /// a batch hold several samples.
  virtual int64_t rows_per_sample() const { return 1; }
  /// An uninitialised batch of `samples` rows, in host memory but for images that a GPU decodes
  /// (arrival_memory.h). `dtype` is that of real-valued inputs.
  virtual Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const = 0;
  /// Writes sample `index` into row `row` of a batch from allocate(); different rows may be written at the
  /// same time. `key` decides the random augmentation. Throws DataError that names shard, offset and key of
  /// the sample.
  virtual void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const = 0;

  /// The same samples without inputs, for who needs the targets alone: loading one does not notice that its
  /// input is damaged. Null where that costs as much.
  virtual std::shared_ptr<const Dataset> targets() const { return nullptr; }
};

}  // namespace echelon::data
