// From the global batch, which the user sets, to what each rank does in a step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parallel/grid.h"

namespace echelon::parallel {

struct BatchPlan {
  int64_t global_batch;  ///< samples a step, over all replicas
  int64_t per_replica;   ///< samples a step and replica: global_batch / replicas
  int64_t micro_batch;   ///< samples of one forward and backward pass
  int64_t micro_steps;   ///< passes a step and replica: per_replica / micro_batch

  /// "64 = 2 ranks × 2 micro-batches × 16 samples"; of pipelines, "2 replicas × …".
  std::string describe(const Grid& grid) const;
};

/// Without `micro_batch` a replica's part is one pass; in a pipeline of p ranks at least 4·p passes if the
/// part can be cut so, else as many as it can. Throws ConfigError with the nearest valid values when the
/// replicas do not divide the global batch, the micro-batch does not divide a replica's part, or a pipeline
/// would have fewer micro-batches than ranks.
BatchPlan plan_batch(int64_t global_batch, std::optional<int64_t> micro_batch, const Grid& grid);

}  // namespace echelon::parallel
