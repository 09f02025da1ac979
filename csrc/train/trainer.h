// The training loop of one run: steps, and between them evaluation, checkpoints and records.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "checkpoint/store.h"
#include "common/clock.h"
#include "common/stop_request.h"
#include "train/learner.h"
#include "train/recorder.h"
#include "train/tracer.h"

namespace echelon::train {

/// How a run ended.
struct TrainOutcome {
  int64_t step = 0;       ///< optimizer steps done, over all starts of the run
  bool finished = false;  ///< false: a signal asked to stop; a checkpoint has been written
  Metrics metrics;        ///< of the test data, where there is any and the run is finished
  int64_t skipped_training =
      0;  ///< damaged samples that others took the place of, on all ranks, since this start
  int64_t skipped_test = 0;  ///< damaged samples that the last evaluation left out
};

class Trainer {
 public:
  /// Continues from the checkpoint in `resume_from`, where that is not empty (train/resume.h).
  /// `resolved_config` is stored with checkpoints; `run_directory` is the same on every rank. Everything
  /// passed by reference must outlive this object. Collective.
  Trainer(const TrainSettings& settings, const std::string& resolved_config, fs::path run_directory,
          Ranks& ranks, Job& job, fs::path resume_from);

  /// Trains from the present step to the end. Collective. Throws NotFiniteError, DataError, CommError,
  /// CheckpointError.
  TrainOutcome run();

  int64_t step() const { return step_; }  ///< steps done
  int64_t total_steps() const { return total_steps_; }
  int64_t steps_per_epoch() const { return order_.samples_per_epoch() / job_.plan().global_batch; }
  /// The checkpoint that this run continues from; empty: none.
  const fs::path& resumed_from() const { return resumed_from_; }

 private:
  StepSize step_size() const;
  Scalars source_epochs() const;
  void resume(const fs::path& folder);
  bool train_one_step();
  void evaluate();
  bool evaluation_due() const;
  bool checkpoint_due() const;
  void save();
  int64_t skipped_on_all_ranks();

  const TrainSettings& settings_;
  const std::string& resolved_config_;
  fs::path run_directory_;
  Ranks& ranks_;
  Job& job_;
  StopRequest stop_request_;
  Tracer tracer_;
  Learner learner_;
  std::unique_ptr<Evaluator> evaluator_;
  data::SampleOrder order_;
  std::unique_ptr<data::TrainLoader> loader_;  // null where the rank needs no batches
  std::unique_ptr<checkpoint::Store> store_;   // rank 0 only
  std::unique_ptr<Recorder> recorder_;         // rank 0 only
  /// What a checkpoint holds besides tensors, by the name of the file; rank 0 only.
  std::map<std::string, std::string> texts_;
  fs::path resumed_from_;
  int64_t step_ = 0;
  int64_t total_steps_ = 0;
  int64_t saved_step_ = -1;
  int64_t evaluated_step_ = -1;
  Metrics metrics_;
  Stopwatch since_checkpoint_;
};

}  // namespace echelon::train
