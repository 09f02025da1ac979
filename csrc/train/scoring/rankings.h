// Curves of classes over all ranks, one class at a time, so that rank 0 never holds the scores of all.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "train/report/evaluation_report.h"

namespace echelon::train {

/// The scores of this rank's samples: for each of `classes` one a sample.
struct LocalScores {
  std::vector<int64_t> classes;
  std::vector<float> scores;    ///< [samples, classes]
  std::vector<int32_t> labels;  ///< true classes
};

/// On rank 0 the rankings, in the order of the classes; elsewhere nothing. Collective; tensors in host
/// memory.
std::vector<ClassRanking> gather_rankings(Communicator& comm, const LocalScores& own);

}  // namespace echelon::train
