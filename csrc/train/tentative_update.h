// The optimizer's update, begun before it is certain that there is one.
//
// The ranks of a pipeline are not done at one time, and only together do they know the norm of all gradients
// and whether all are finite. A rank that would wait for the others updates its parameters as if nothing were
// amiss, and takes that back if something is: the "post-validation" of Qi et al., "Zero Bubble Pipeline
// Parallelism", 2401.10241. They undo the arithmetic; here what was there is kept, so the outcome is the same
// to the bit.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "optim/optimizer.h"

namespace echelon::train {

class TentativeUpdate {
 public:
  /// `optimizer` must outlive this object. One of finish() and undo() ends it.
  TentativeUpdate(optim::Optimizer& optimizer, double learning_rate);

  /// Updates the next part and keeps what was there, unless that takes more than `most_bytes`. False when
  /// nothing was done.
  bool advance(int64_t most_bytes);
  /// Makes what was updated as it was.
  void undo();
  /// Updates what has not been updated.
  void finish();

  size_t parts_done() const { return next_part_; }
  int64_t bytes_kept() const { return bytes_kept_; }

 private:
  void forget();

  optim::Optimizer& optimizer_;
  double learning_rate_;
  size_t next_part_ = 0;
  std::vector<at::Tensor> changed_, kept_;
  int64_t bytes_kept_ = 0;
};

}  // namespace echelon::train
