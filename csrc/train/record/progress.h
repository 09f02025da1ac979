// What a person who watches a run sees of its steps.
#pragma once

#include <cstdint>
#include <string>

#include "common/progress_bar.h"
#include "train/record/step_record.h"

namespace echelon::train {

/// " 52%  step 1040/2000  loss 0.4312  left 23.4 s".
std::string bar_facts(int64_t step, int64_t total_steps, double loss, double seconds_left);

/// Log lines and, in a terminal, a bar below them that is redrawn in place. Rank 0 only.
class Progress {
 public:
  explicit Progress(bool draws_bar = output_is_watched()) : bar_(draws_bar) {}

  /// Writes the line of an interval.
  void line(const StepRecord& record);

  /// Moves the bar; cheap enough to be called after every step.
  void step(int64_t step, int64_t total_steps, double loss, double seconds_left);

 private:
  ProgressBar bar_;
};

}  // namespace echelon::train
