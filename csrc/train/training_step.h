// One optimizer step of a replica, up to the reduced gradients.
#pragma once

#include <cstdint>

#include "data/loader.h"
#include "nn/layered_model.h"
#include "parallel/batch_plan.h"
#include "parallel/gradient_buckets.h"
#include "parallel/replica_group.h"
#include "parallel/replicas.h"
#include "train/precision.h"

namespace echelon::train {

/// What forward and backward need besides the batch.
struct StepOptions {
  parallel::BatchPlan plan;
  uint64_t seed = 0;
  Precision precision = Precision::kFloat32;
  at::Device device = at::Device(at::kCPU);
  double label_smoothing = 0;
  bool sync_batch_norm = false;
};

struct StepOutcome {
  double loss = 0;          ///< mean over the global batch
  bool stop_asked = false;  ///< by a signal to any rank
};

class TrainingStep {
 public:
  /// What is passed by reference must outlive this object.
  TrainingStep(nn::LayeredModel& model, parallel::ReplicaGroup ranks, parallel::GradientBuckets& buckets,
               parallel::StatisticsAverager& statistics, StepOptions options);

  /// Runs the micro-batches of step `step` and leaves the gradients of the global mean loss, summed over the
  /// ranks, in the buckets. `stop_asked` is agreed upon by all ranks. Collective.
  StepOutcome run(data::TrainLoader& loader, int64_t step, bool stop_asked);

  /// The mean loss of one micro-batch times its share of the global batch, with the graph for backward.
  at::Tensor loss(const data::Batch& batch, int64_t step, int64_t micro_step,
                  const nn::LayerObserver& observer = nullptr);

  const StepOptions& options() const { return options_; }
  double seconds_waited_for_comm() const { return seconds_waited_ + buckets_.seconds_waited(); }

 private:
  nn::LayeredModel& model_;
  parallel::ReplicaGroup ranks_;
  parallel::GradientBuckets& buckets_;
  parallel::StatisticsAverager& statistics_;
  StepOptions options_;
  double seconds_waited_ = 0;
};

}  // namespace echelon::train
