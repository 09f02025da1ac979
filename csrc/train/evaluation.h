// Scoring a model on the test data, exactly, over any number of ranks.
#pragma once

#include <functional>
#include <memory>

#include "comm/communicator.h"
#include "data/loader.h"
#include "nn/layered_model.h"
#include "parallel/pipeline/runtime.h"
#include "train/metrics.h"
#include "train/precision.h"

namespace echelon::train {

class Evaluator {
 public:
  /// `options` for an EvaluationLoader. `model`, `runtime` and `comm`, of all ranks, must outlive this
  /// object.
  Evaluator(nn::LayeredModel& model, parallel::PipelineRuntime& runtime, Communicator& comm,
            std::shared_ptr<const data::Dataset> dataset, data::LoaderOptions options, Precision precision,
            Scoring scoring);

  /// What is made of the model's outputs for a batch, where the last stage is.
  using Use = std::function<void(const at::Tensor& outputs, const data::Batch& batch)>;

  /// Every sample counts once. Collective; the same numbers on every rank. Throws DataError when no sample
  /// can be used.
  Metrics run();
  /// Damaged samples that the last run left out, on all ranks.
  int64_t skipped() const { return skipped_; }
  /// One pass over the data for another use than run(): of every sample once, over all ranks. The inputs of
  /// the batches are gone. Returns how many damaged samples this rank left out; each is counted by one rank
  /// alone. Collective; throws what `use` throws.
  int64_t pass(const Use& use);

 private:
  class Work;

  nn::LayeredModel& model_;
  parallel::PipelineRuntime& runtime_;
  Communicator& comm_;
  std::shared_ptr<const data::Dataset> dataset_;
  data::LoaderOptions options_;
  Precision precision_;
  Scoring scoring_;
  int64_t skipped_ = 0;
};

}  // namespace echelon::train
