// The verb `bench data`: how fast the training data of a configuration are loaded, without a model.
#pragma once

#include <filesystem>
#include <string>

#include "bench/measure.h"
#include "comm/world.h"
#include "common/error.h"
#include "train/settings.h"

namespace echelon::bench {

struct BenchRequest {
  std::string name;  ///< of the configuration
  Until until;
  std::filesystem::path json;  ///< a file for the numbers; empty: none
};

/// Measures on all ranks of `environment`, prints, and writes the file. Collective. An error on one rank is
/// told to all before it is thrown on.
ExitCode bench_data(const train::TrainSettings& settings, const BenchRequest& request,
                    const ProcessEnvironment& environment);

}  // namespace echelon::bench
