// What was measured of loading data, by a rank and in all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/memory_use.h"
#include "common/stage_clock.h"

namespace echelon::bench {

/// Of one rank. The measured time begins when the first batch is there.
struct RankMeasurement {
  int rank = 0;
  int threads = 0;                               ///< that load; 0: the loop does, when it asks for a batch
  int cores = 1;                                 ///< that this rank has for itself
  double opening_seconds = 0;                    ///< from connected ranks to a loader
  double first_batch_seconds = 0;                ///< from there to the first batch
  StageTotals opening;                           ///< of the thread that opens
  double seconds = 0;                            ///< measured
  int64_t batches = 0, samples = 0, tokens = 0;  ///< taken in that time; tokens with padding
  StageTotals loading;                           ///< in that time, of all threads
  double processor_seconds = 0;                  ///< in that time, of the whole process
  MemoryUse before_opening, memory;

  /// Of the threads that load; of the loop where there are none.
  double busy_seconds() const;
  double thread_seconds() const { return seconds * (threads > 0 ? threads : 1); }
};

/// Of all ranks.
struct Measurement {
  int ranks = 0, threads = 0, cores = 0;
  double seconds = 0;  ///< the longest
  int64_t batches = 0, samples = 0, tokens = 0;
  StageTotals loading;
  double samples_per_second = 0, tokens_per_second = 0, bytes_per_second = 0;
  double busy = 0;    ///< share of the threads' time in which they load
  double waited = 0;  ///< share of the loop's time in which it waits for a batch
  double cores_used = 0;
};
Measurement sum(const std::vector<RankMeasurement>& ranks);

/// The stages of loading a sample, in their order.
const std::vector<LoadStage>& loading_stages();

/// As JSON, between ranks and for files.
std::string to_json(const RankMeasurement& measurement);
RankMeasurement parse_measurement(const std::string& json);

/// What stands besides the numbers.
struct Subject {
  std::string name;     ///< of the configuration
  std::string samples;  ///< what a sample is: "images"
  std::string limit;    ///< bench/limits.h
};

/// The file of `--json`: the ranks, their sum and the subject.
std::string to_json(const Subject& subject, const std::vector<RankMeasurement>& ranks);

}  // namespace echelon::bench
