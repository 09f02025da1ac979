// One function a schedule: the compute actions of one rank (make_schedule.h).
#pragma once

#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

struct PipelineShape {
  int ranks = 1;
  int micro_batches = 1;
  int chunks = 1;
};

std::vector<Action> gpipe(const PipelineShape& shape, int rank);
/// 1F1B where `chunks` is 1.
std::vector<Action> interleaved(const PipelineShape& shape, int rank);
std::vector<Action> zero_bubble_h1(const PipelineShape& shape, int rank);
std::vector<Action> zero_bubble_v(const PipelineShape& shape, int rank);

}  // namespace echelon::schedule
