// How fast this machine is when as many ranks compute on it as will.
#pragma once

#include <cstdint>
#include <optional>

#include "parallel/cost/layer_costs.h"
#include "parallel/hardware.h"
#include "train/sample_shapes.h"

namespace echelon::plan {

/// Ranks of one machine and the cores that they share.
struct Crowd {
  int ranks = 1;
  int threads = 1;   ///< compute threads of each
  double cores = 1;  ///< that this process may use

  /// How many compute at full speed at once.
  double at_full_speed() const;
  /// The whole number of them, at most all: so many measure at once.
  int at_once() const;
};

/// `threads` as the configuration says; not set: as `echelon train` would choose.
Crowd crowd_of_this_machine(int ranks, std::optional<int64_t> threads);

/// measure_costs() by Crowd::at_once() threads at the same time, each with Crowd::threads compute threads, as
/// ranks slow each other through memory, caches and clock; the mean of their seconds. `batch`, which tells
/// the device, is read by all.
parallel::ModelCosts measure_in_crowd(const Crowd& crowd, const nn::ModelSpec& spec,
                                      const train::SampleBatch& batch, const parallel::CostOptions& options,
                                      int repetitions);

/// Fills in what memory is: its bandwidth to each of the ranks that compute at once, and messages, which are
/// written to memory and read from there.
void measure_memory(const Crowd& crowd, parallel::Hardware& hardware);

}  // namespace echelon::plan
