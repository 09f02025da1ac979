// Keeping the replicas of a model equal: their parameters at the start, their running statistics after each
// step.
#pragma once

#include <vector>

#include "comm/communicator.h"
#include "nn/layered_model.h"
#include "parallel/rank_group.h"

namespace echelon::parallel {

/// Makes every rank's parameters and buffers those of rank 0. Costs a checksum when they are equal already,
/// as they are when all ranks' processors compute the initial values alike. Collective; throws CommError when
/// the names or shapes differ.
void equalise_replicas(nn::LayeredModel& model, const RankGroup& ranks);

/// Averages the running statistics (BatchNorm's means and variances) over the ranks, in one all-reduce.
class StatisticsAverager {
 public:
  /// `comm` reaches the model's device.
  StatisticsAverager(const nn::LayeredModel& model, Communicator& comm);

  bool empty() const { return buffers_.empty(); }
  void average();
  /// Copies of the statistics as they are now, and the way back: a step that is skipped must leave no trace
  /// in them.
  void remember();
  void restore();

 private:
  std::vector<at::Tensor> buffers_;
  Communicator& comm_;
  at::Tensor flat_;
  at::Tensor remembered_;
};

}  // namespace echelon::parallel
