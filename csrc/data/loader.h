// Batches for training and for evaluation, as one rank sees them.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <optional>

#include "data/image/mix_batch.h"
#include "data/order/sample_order.h"
#include "data/prefetcher.h"
#include "data/settings.h"

namespace echelon::data {

struct LoaderOptions {
  int64_t global_batch = 1;  ///< samples a step, over all ranks; training only
  int64_t micro_batch = 1;   ///< samples a batch that next() returns
  int rank = 0;
  int world_size = 1;
  uint64_t seed = 0;
  int threads = 1;   ///< 0: load inside next()
  int prefetch = 4;  ///< micro-batches ahead
  ShuffleSettings shuffle;
  LastBatch last_batch = LastBatch::kDrop;
  at::ScalarType dtype = at::kFloat;  ///< of real-valued inputs
  /// Where batches go: to a GPU from pinned memory, the one that is due next before it is asked for, so that
  /// its memory holds that one besides those in use.
  at::Device device = at::Device(at::kCPU);
  OnError on_error = OnError::kFail;
  MixOptions mix;               ///< training only
  StageClock* clock = nullptr;  ///< PrefetchOptions::clock
  /// Evaluation only: ranks take whole batches, so that the same samples come together on any number of
  /// ranks, and what is computed of them is the same to the bit.
  bool whole_batches = false;
};

/// Threads, prefetch depth, shuffling, mixing and the treatment of errors as the settings say; the rest is
/// the trainer's: to the number of classes, where samples are mixed.
LoaderOptions loader_options(const DataSettings& settings);

/// The training batches of one rank, endless over epochs.
///
/// Step s of the job takes the samples at positions [s·G, (s+1)·G) of the global order (SampleOrder; G =
/// global_batch); rank r of W takes the r-th of W equal parts of them, cut into micro-batches in order. So
/// the concatenation over ranks is one sequence, whatever W, threads, prefetch depth and the position of the
/// restart are.
///
/// Under `on_error: skip` the next sample of the dataset that loads takes the place of a damaged one. That is
/// a function of the damaged sample alone, so whoever loads it, as a sample or as the partner of one that is
/// mixed, finds the same in its place.
class TrainLoader {
 public:
  /// Continues after `consumed_samples`, counted over all ranks and epochs. Throws ConfigError when
  /// world_size and micro_batch do not divide global_batch, DataError when the dataset is smaller than one
  /// global batch that is not padded.
  TrainLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options, int64_t consumed_samples);

  /// The next micro-batch of this rank. The micro-batches of a step come one after the other. Throws
  /// DataError.
  Batch next();

  double seconds_waited() const {
    return prefetcher_->seconds_waited();
  }                                                           ///< the sum of the time spent in next()
  int64_t skipped() const { return prefetcher_->skipped(); }  ///< damaged samples of this rank so far

 private:
  LoaderOptions options_;
  std::unique_ptr<Prefetcher> prefetcher_;
};

/// The order in which a TrainLoader with these options reads `dataset`. Throws DataError where it would.
SampleOrder sample_order(const Dataset& dataset, const LoaderOptions& options);

/// One pass over a split in its natural order: every sample exactly once over all ranks, each of which takes
/// one contiguous part. Parts differ by at most one sample, or one batch (LoaderOptions::whole_batches); the
/// last batch may be smaller; a rank may have none. Nothing is loaded before the first batch is asked for.
/// Under `on_error: skip` damaged samples are left out.
class EvaluationLoader {
 public:
  /// Of the options, global_batch, seed and shuffle play no part.
  EvaluationLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options);

  /// How many batches this rank has.
  int64_t batches() const { return batches_; }
  /// The next batch; of no sample where all of its samples are damaged. To be called batches() times at most.
  /// Throws DataError.
  Batch next();

  int64_t skipped() const { return prefetcher_ ? prefetcher_->skipped() : 0; }

 private:
  void start();

  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  int64_t begin_;
  int64_t end_;
  int64_t batches_;
  std::unique_ptr<Prefetcher> prefetcher_;  // null before the first batch
};

}  // namespace echelon::data
