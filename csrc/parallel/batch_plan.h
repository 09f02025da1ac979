// From the global batch, which the user sets, to what each rank does in a step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace echelon::parallel {

struct BatchPlan {
  int64_t global_batch;  ///< samples a step, over all ranks
  int64_t per_rank;      ///< samples a step and rank: global_batch / ranks
  int64_t micro_batch;   ///< samples of one forward and backward pass
  int64_t micro_steps;   ///< passes a step and rank: per_rank / micro_batch

  /// "64 = 2 ranks × 2 micro-batches × 16 samples"
  std::string describe(int ranks) const;
};

/// Without `micro_batch` a rank's part is one pass. Throws ConfigError with the nearest valid values when
/// `ranks` does not divide the global batch, or the micro-batch does not divide a rank's part.
BatchPlan plan_batch(int64_t global_batch, std::optional<int64_t> micro_batch, int ranks);

}  // namespace echelon::parallel
