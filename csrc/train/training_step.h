// One optimizer step of a rank, up to the reduced gradients.
#pragma once

#include <cmath>
#include <cstdint>

#include "data/loader.h"
#include "nn/functional/product_weight.h"
#include "nn/layered_model.h"
#include "nn/loss.h"
#include "parallel/batch_plan.h"
#include "parallel/grid.h"
#include "parallel/model_gradients.h"
#include "parallel/pipeline/runtime.h"
#include "parallel/replicas.h"
#include "train/precision.h"
#include "train/tracer.h"

namespace echelon::train {

/// What forward and backward need besides the batch.
struct StepOptions {
  parallel::BatchPlan plan;
  uint64_t seed = 0;
  Precision precision = Precision::kFloat32;
  at::Device device = at::Device(at::kCPU);
  nn::LossOptions loss;
  bool sync_batch_norm = false;
  int64_t targets_per_sample = 1;  ///< data::Dataset's
  int64_t rows_per_sample = 1;     ///< data::Dataset's

  /// Of a global batch, with those that do not count (data::kIgnoredTarget).
  double targets() const { return static_cast<double>(targets_per_sample * plan.global_batch); }
};

/// Called after each layer of a micro-batch with the layer's index and outputs.
using StepObserver = std::function<void(int64_t micro_batch, size_t layer, at::TensorList outputs)>;

/// Of one rank, before the ranks have added theirs up.
struct OwnOutcome {
  double loss = 0;  ///< this rank's part of the sum over all targets, divided by StepOptions::targets()
  double squared_norm = 0;  ///< this rank's part, as ModelGradients::squared_norm()
  int64_t targets = 0;      ///< those of this rank that count
  bool is_finite() const { return std::isfinite(loss) && std::isfinite(squared_norm); }
};

/// Of all ranks.
struct StepOutcome {
  double loss = 0;           ///< mean over the targets of the global batch that count
  double gradient_norm = 0;  ///< of all gradients of the model, of that mean
  double factor = 1;         ///< by which gradients must be multiplied to be those of that mean
  bool stop_asked = false;   ///< by a signal to any rank
  bool is_finite() const { return std::isfinite(loss) && std::isfinite(gradient_norm); }
};

/// StepOutcome on its way.
struct PendingOutcome {
  at::Tensor sums;
  Work work;
};

class TrainingStep {
 public:
  /// What is passed by reference must outlive this object; `tracer` may be null.
  TrainingStep(nn::LayeredModel& model, parallel::PipelineRuntime& runtime, parallel::GridGroups& groups,
               parallel::ModelGradients& gradients, parallel::StatisticsAverager& statistics,
               StepOptions options, Tracer* tracer);

  /// Runs the micro-batches of step `step` and leaves in `gradients` those of the global mean loss, summed
  /// over the replicas; where some targets do not count, of the mean as if all did: StepOutcome::factor.
  /// `loader` may be null where the rank has neither first nor last stage. Collective over the ranks that
  /// exchange anything: others may still be at it.
  OwnOutcome run(data::TrainLoader* loader, int64_t step);

  /// Adds the outcomes up over all ranks; `stop_asked` holds if it does on any. Collective, the first without
  /// waiting.
  PendingOutcome agree(const OwnOutcome& own, bool stop_asked);
  StepOutcome finish(PendingOutcome pending);

  /// Runs them again with `observer` and leaves each rank's own gradients, not reduced. Collective over the
  /// pipeline.
  void repeat_alone(data::TrainLoader* loader, int64_t step, const StepObserver& observer);

  const StepOptions& options() const { return options_; }
  double seconds_waited_for_comm() const {
    return seconds_waited_ + gradients_.seconds_waited() + runtime_.seconds_waited();
  }

 private:
  class Work;
  /// Returns the sum of the losses, undefined where the last stage is elsewhere.
  at::Tensor train(Work& work);

  nn::LayeredModel& model_;
  parallel::PipelineRuntime& runtime_;
  parallel::GridGroups& groups_;
  parallel::ModelGradients& gradients_;
  parallel::StatisticsAverager& statistics_;
  StepOptions options_;
  Tracer* tracer_;
  nn::SharedWeights weights_;
  double seconds_waited_ = 0;
};

}  // namespace echelon::train
