// Takes batches from a loader as fast as they come, and measures.
#pragma once

#include <memory>
#include <optional>

#include "bench/measurement.h"
#include "data/loader.h"
#include "train/job_data.h"

namespace echelon::bench {

/// When measuring ends: after so many batches of a rank, or after so long.
struct Until {
  double seconds = 10;
  std::optional<int64_t> batches{};
};

/// Opens the training data and loads them as training would, from its first step. Collective; of a pipeline
/// the ranks of the first stage load, the others give nothing back. Throws DataError, ConfigError.
std::optional<RankMeasurement> measure(const train::TrainSettings& settings, train::Ranks& ranks,
                                       const Until& until);

}  // namespace echelon::bench
