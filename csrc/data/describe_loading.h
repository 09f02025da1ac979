// The declaration of LoadingSettings within the settings of each kind of data.
#pragma once

#include <algorithm>
#include <string_view>

#include "config/fields.h"
#include "data/loading_settings.h"

namespace echelon::data {

void check_subset(const SubsetSettings& s, config::Checks& checks);
/// The training data are said in one way: under `train`, or as `sources`.
void check_train(const LoadingSettings& s, config::Checks& checks);
/// Each of `patterns` matches something.
void check_files(const std::vector<config::InputPath>& patterns, std::string_view key,
                 config::Checks& checks);
/// Two numbers, the first not above the second.
void check_pair(const std::vector<double>& pair, std::string_view key, config::Checks& checks);

template <class T>
void describe_subset(config::Fields<T>& f) {
  f.add("fraction", &T::fraction,
        "Train on this share of the samples, drawn at random, the same in every epoch; not set: on all.")
      .above(0)
      .at_most(1);
  f.add("limit", &T::limit, "Train on so many of the samples at most, drawn at random.").at_least(1);
  f.add("stratified", &T::stratified, "Draw them so that every class keeps its share.");
}

/// All but `train` and `test`, which each kind of data explains in its own words.
template <class T>
void describe_loading(config::Fields<T>& f) {
  describe_subset(f);
  f.add(
       "sources", &T::sources,
       "Instead of train: several sources by name, mixed by weight. Without weights all samples count alike.")
      .example("{web: {files: 'web-*.tokens', weight: 0.7}, code: {files: code.tokens, weight: 0.3}}");
  f.add("threads", &T::threads, "Threads of each rank that load; 0: load in the training loop itself.")
      .range(0, 1024);
  f.add("prefetch", &T::prefetch, "Micro-batches of each rank that are loaded ahead.").range(1, 4096);
  f.add("shuffle", &T::shuffle, "Train in a new random order each epoch, a function of the seed alone.");
  f.add("last_batch", &T::last_batch,
        "What an epoch does with samples that fill no global batch. drop: leaves them out, others each time; "
        "pad: fills the batch with the first of the epoch again.")
      .values({{"drop", LastBatch::kDrop}, {"pad", LastBatch::kPad}});
  f.add("on_error", &T::on_error,
        "What damaged samples and shards do: end the job, or be skipped, counted and shown at the end.")
      .values({{"fail", OnError::kFail}, {"skip", OnError::kSkip}});
  f.check([](const T& s, config::Checks& checks) { check_subset(s, checks); });
  f.check({"train", "sources"}, [](const T& s, config::Checks& checks) { check_train(s, checks); });
  f.check({"train"}, [](const T& s, config::Checks& checks) { check_files(s.train, "train", checks); });
  f.check({"test"}, [](const T& s, config::Checks& checks) { check_files(s.test, "test", checks); });
}

}  // namespace echelon::data
