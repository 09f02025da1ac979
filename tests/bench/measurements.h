// Measurements made up for tests, with numbers that are easily summed.
#pragma once

#include "bench/measurement.h"

namespace echelon::bench {

inline double& in(StageTotals& totals, LoadStage stage) {
  return totals.seconds[static_cast<size_t>(stage)];
}

/// Two threads for ten seconds: busy for 16 of 20, in which 1,000 samples are read in 2 s and decoded in 14
/// s; the loop waits for nine.
inline RankMeasurement example(int rank = 0) {
  RankMeasurement m{.rank = rank, .threads = 2, .cores = 2};
  m.opening_seconds = 1.5;
  m.first_batch_seconds = 0.25;
  in(m.opening, LoadStage::kTokenise) = 1.25;
  m.seconds = 10;
  m.batches = 100;
  m.samples = 1000;
  m.loading.samples = 1000;
  m.loading.bytes = 50'000'000;
  in(m.loading, LoadStage::kRead) = 2;
  in(m.loading, LoadStage::kDecode) = 14;
  in(m.loading, LoadStage::kIdle) = 4;
  in(m.loading, LoadStage::kWait) = 9;
  m.processor_seconds = 15;
  m.memory = {.resident = 300 << 20, .peak = 310 << 20, .own = 100 << 20};
  return m;
}

}  // namespace echelon::bench
