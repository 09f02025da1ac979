// What all kinds of data have in common: which files, which of the samples, in which order, on how many
// threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/declare.h"

namespace echelon::data {

/// What a damaged sample or shard does: end the job, or be skipped and counted.
enum class OnError { kFail, kSkip };

/// What becomes of samples that do not fill the last global batch of an epoch.
enum class LastBatch { kDrop, kPad };

struct ShuffleSettings {
  bool enabled = true;
  std::optional<int64_t> shards;  ///< how many shards are mixed at a time; not set: all
};
void describe(config::Fields<ShuffleSettings>& f);

/// Which of the samples take part.
struct SubsetSettings {
  std::optional<double> fraction;
  std::optional<int64_t> limit;
  bool stratified = false;
};

/// One source of a mixture.
struct SourceSettings : SubsetSettings {
  std::vector<config::InputPath> files;
  std::optional<double> weight;
};
void describe(config::Fields<SourceSettings>& f);

/// What is trained on and how samples reach the training loop, whatever they are.
struct LoadingSettings : SubsetSettings {
  std::vector<config::InputPath> train;
  std::map<std::string, SourceSettings> sources;
  std::vector<config::InputPath> test;
  int threads = 1;
  int prefetch = 4;
  ShuffleSettings shuffle;
  LastBatch last_batch = LastBatch::kDrop;
  OnError on_error = OnError::kFail;
};

}  // namespace echelon::data
