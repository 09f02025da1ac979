// The micro-batches of one step, in any order and from several stages.
#pragma once

#include <map>

#include "data/loader.h"

namespace echelon::train {

class StepBatches {
 public:
  /// `loader` stands at the first micro-batch of the step; it is read when micro-batches are asked for.
  explicit StepBatches(data::TrainLoader& loader) : loader_(loader) {}

  /// Both of a micro-batch may be asked for once.
  nn::Activations take_inputs(int64_t micro_batch) { return std::move(at(micro_batch).inputs); }
  data::Batch take_target(int64_t micro_batch) {
    data::Batch& batch = at(micro_batch);
    return {{}, std::move(batch.target), batch.samples};
  }

 private:
  data::Batch& at(int64_t micro_batch) {
    for (; loaded_ <= micro_batch; ++loaded_) batches_[loaded_] = loader_.next();
    return batches_.at(micro_batch);
  }

  data::TrainLoader& loader_;
  int64_t loaded_ = 0;
  std::map<int64_t, data::Batch> batches_;
};

}  // namespace echelon::train
