// All of a rank that changes when it learns: parameters, statistics, optimizer state, average of the
// weights.
#pragma once

#include <memory>
#include <vector>

#include "checkpoint/store.h"
#include "data/loader.h"
#include "optim/optimizer.h"
#include "optim/weight_average.h"
#include "parallel/model_gradients.h"
#include "parallel/replicas.h"
#include "train/job.h"
#include "train/tentative_update.h"
#include "train/tracer.h"
#include "train/training_step.h"

namespace echelon::train {

struct StepReport {
  double loss = 0;           ///< mean over the global batch
  double gradient_norm = 0;  ///< of all gradients, before clipping
  bool applied = true;       ///< false: not finite, and `on_nan: skip`
  bool stop_asked = false;   ///< by a signal to any rank
};

class Learner {
 public:
  /// What is passed by reference must outlive this object, and so must `tracer`, which may be null.
  /// Collective.
  Learner(const TrainSettings& settings, Ranks& ranks, Job& job, Tracer* tracer = nullptr);

  /// Step `step` (from 0) with learning rate `learning_rate`, on the next batches of `loader`, which may be
  /// null where the rank needs none (Job::loads_data). A step whose loss or gradient is not finite leaves no
  /// trace; it throws NotFiniteError that names layer, step and rank, or, under `on_nan: skip`, says so in a
  /// warning. Collective.
  StepReport advance(data::TrainLoader* loader, int64_t step, double learning_rate, bool stop_asked);

  /// What this rank stores of a checkpoint; the manifest is the caller's.
  checkpoint::Contents contents() const;
  /// Throws CheckpointError that names what does not fit.
  void load(const checkpoint::Checkpoint& checkpoint);

  /// Null where no average is kept.
  optim::WeightAverage* average() { return average_.get(); }
  double seconds_waited_for_comm() const { return training_step_.seconds_waited_for_comm(); }

 private:
  /// While other ranks are not done, as long as this one waited for them last time. Returns for how long they
  /// were certainly not done, in seconds.
  double update_early(TentativeUpdate& update, const OwnOutcome& own, const PendingOutcome& pending);
  void handle_not_finite(int64_t step);
  void load_optimizer(const checkpoint::Checkpoint& checkpoint);

  const TrainSettings& settings_;
  Ranks& ranks_;
  Job& job_;
  Tracer* tracer_;
  parallel::ModelGradients gradients_;
  parallel::StatisticsAverager statistics_;
  TrainingStep training_step_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  std::unique_ptr<optim::WeightAverage> average_;
  double waited_for_others_ = 0;  // in the last step, between this rank's own outcome and that of all
  double seconds_of_a_part_ = 0;  // of an update that is begun early; 0: there was none
  bool clipped_ = false;          // the last step
};

}  // namespace echelon::train
