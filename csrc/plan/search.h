// The search for the way to run a model that takes the least time.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace echelon::plan {

struct SearchEntry {
  std::vector<std::string> overrides;  ///< to be given after the configuration file
  parallel::Grid grid;
  double seconds = 0;  ///< of a step
  double bubble = 0;
  int64_t memory_bytes = 0;  ///< of the rank that needs most
};

struct SearchResult {
  std::string title;
  double samples = 0;  ///< of a step
  int tried = 0;
  int fitting = 0;
  int64_t memory_bytes = 0;          ///< that a rank may use
  std::vector<SearchEntry> entries;  ///< the best that fit, fastest first
};

/// Tries every number of pipeline ranks that divides the ranks, with every micro-batch that leaves as many
/// micro-batches as there are ranks in a pipeline, all schedules, recomputation of no
/// layer and of all, and the optimizer's state sharded or not. Splits are found. Returns the best `count`;
/// throws ConfigError that says what is missing where nothing fits.
SearchResult search(const train::TrainSettings& settings, const PlanRequest& request, size_t count = 10);

std::string to_text(const SearchResult& result);

}  // namespace echelon::plan
