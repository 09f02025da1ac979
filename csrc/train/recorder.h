// Tells of a run, on rank 0: the log, metrics.jsonl, TensorBoard and the terminal's progress bar.
#pragma once

#include <memory>

#include "common/clock.h"
#include "common/file.h"
#include "train/evaluation.h"
#include "train/record/event_file.h"
#include "train/record/metrics_log.h"
#include "train/record/progress.h"
#include "train/settings.h"

namespace echelon::train {

/// What is known after each step.
struct StepFacts {
  int64_t step = 0;  ///< steps done
  double epoch = 0;
  Scalars source_epochs;  ///< of a mixture
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0;
  double seconds_waited_for_data = 0;  ///< in total so far
  double seconds_waited_for_comm = 0;  ///< in total so far
};

/// How much a step is.
struct StepSize {
  int64_t samples = 0;
  int64_t tokens = 0;  ///< 0: not text
};

class Recorder {
 public:
  /// `first_step`: steps done before; records of later ones, which a continued run makes anew, are dropped.
  Recorder(const LogSettings& settings, const fs::path& run_directory, int64_t first_step,
           int64_t total_steps, StepSize step_size);

  /// After every step; makes a record when one is due.
  void step(const StepFacts& facts);
  void evaluation(int64_t step, const Metrics& metrics);
  /// What happens between the two (evaluation, checkpoints) is not part of a step's time.
  void pause() { pause_.restart(); }
  void resume() { seconds_paused_ += pause_.seconds(); }

 private:
  StepRecord make_record(const StepFacts& facts) const;
  void start_interval(const StepFacts& facts);

  LogSettings settings_;
  int64_t total_steps_;
  StepSize step_size_;
  MetricsLog metrics_;
  std::unique_ptr<EventFile> events_;
  Progress progress_;
  StepFacts interval_start_;
  double loss_sum_ = 0;
  double seconds_paused_ = 0;
  Stopwatch interval_;
  Stopwatch pause_;
};

}  // namespace echelon::train
