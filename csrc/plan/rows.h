// A planned schedule as rows of figures.
#pragma once

#include <cstdint>
#include <vector>

#include "parallel/cost/choose_schedule.h"

namespace echelon::plan {

struct StageRow {
  int stage = 0;
  int place = 0;  ///< in the pipeline
  size_t first_layer = 0, last_layer = 0;
  int64_t parameters = 0;  ///< tied tensors count with each of their layers
  int64_t parameter_bytes = 0;
  double forward = 0, input = 0, weight = 0;  ///< seconds of a micro-batch
};

/// Messages over the boundary between two stages on different ranks.
struct LinkRow {
  int stage = 0;  ///< and the next one
  int place = 0, next_place = 0;
  bool between_nodes = false;
  int64_t activation_bytes = 0, gradient_bytes = 0;  ///< of a micro-batch
  double activation_seconds = 0, gradient_seconds = 0;
};

/// Among the replicas of a place, in a step: gradients, and parameters where the optimizer is sharded.
struct ReductionRow {
  int place = 0;
  bool between_nodes = false;
  int64_t bytes_sent = 0;  ///< by each rank
  double seconds = 0;
  double visible_seconds = 0;  ///< of these, after the last backward
};

std::vector<StageRow> stage_rows(const parallel::PlannedSchedule& plan, const parallel::ModelCosts& costs);
std::vector<LinkRow> link_rows(const parallel::PlannedSchedule& plan, const parallel::ModelCosts& costs,
                               const parallel::JobShape& job);
/// Empty where there is one replica.
std::vector<ReductionRow> reduction_rows(const parallel::PlannedSchedule& plan,
                                         const parallel::ModelCosts& costs, const parallel::JobShape& job);

}  // namespace echelon::plan
