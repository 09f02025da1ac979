// What a person who watches a run sees of its steps.
#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "train/record/step_record.h"

namespace echelon::train {

/// Whether standard output ends in a terminal. Under mpirun the ranks' own output may be a pseudo-terminal
/// whatever becomes of it, so the launcher's is asked too.
bool output_is_watched();

/// "[=====>    ]  52%  step 1040/2000  loss 0.4312  left 23.4 s", at most `width` columns.
std::string render_bar(int64_t step, int64_t total_steps, double loss, double seconds_left, int width);

/// Log lines and, in a terminal, a bar below them that is redrawn in place. Rank 0 only.
class Progress {
 public:
  explicit Progress(bool draws_bar = output_is_watched()) : draws_bar_(draws_bar) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Writes the line of an interval.
  void line(const StepRecord& record);

  /// Moves the bar; cheap enough to be called after every step, for it redraws ten times a second at most.
  void step(int64_t step, int64_t total_steps, double loss, double seconds_left);

 private:
  bool draws_bar_;
  bool drawn_ = false;
  Stopwatch since_drawn_;
};

}  // namespace echelon::train
