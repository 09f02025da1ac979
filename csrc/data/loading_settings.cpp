#include "data/loading_settings.h"

#include "common/error.h"
#include "data/describe_loading.h"
#include "data/patterns.h"

namespace echelon::data {

void check_subset(const SubsetSettings& s, config::Checks& checks) {
  if (s.stratified && !s.fraction && !s.limit)
    checks.problem("stratified", "has no effect without fraction or limit");
}

void check_train(const LoadingSettings& s, config::Checks& checks) {
  if (s.sources.empty()) {
    if (s.train.empty()) checks.problem("train", "is not set; name the training data there or under sources");
    return;
  }
  for (const char* key : {"train", "fraction", "limit", "stratified"}) {
    if (checks.is_set(key)) checks.problem(key, "contradicts sources, each of which has its own");
  }
  const auto weighted =
      std::ranges::count_if(s.sources, [](const auto& entry) { return entry.second.weight.has_value(); });
  if (weighted != 0 && static_cast<size_t>(weighted) != s.sources.size())
    checks.problem("sources", "must all have a weight, or none");
}

void check_files(const std::vector<config::InputPath>& patterns, std::string_view key,
                 config::Checks& checks) {
  for (const config::InputPath& pattern : patterns) {
    try {
      expand_patterns({pattern.path});
    } catch (const DataError& error) {
      checks.missing_file(key, error.what());
    }
  }
}

void check_pair(const std::vector<double>& pair, std::string_view key, config::Checks& checks) {
  if (pair.size() == 2 && pair[0] > pair[1]) checks.problem(key, "must give the lower number first");
}

void describe(config::Fields<ShuffleSettings>& f) {
  f.about("The random order of training. `shuffle: false` reads from front to back.");
  f.add("enabled", &ShuffleSettings::enabled, "Shuffle.").direct();
  f.add("shards", &ShuffleSettings::shards,
        "Mix the samples of so many shards at a time, the shards in random order: for data that are slow to "
        "read at random places. Not set: all samples are mixed.")
      .at_least(1);
  f.check([](const ShuffleSettings& s, config::Checks& checks) {
    if (!s.enabled && s.shards) checks.problem("shards", "has no effect where enabled is false");
  });
}

void describe(config::Fields<SourceSettings>& f) {
  f.about("One of several sources of training data.");
  f.add("files", &SourceSettings::files, "Its data, as under train.").required().min_items(1);
  f.add("weight", &SourceSettings::weight,
        "Its share of the samples of training, by comparison with the other weights, whatever its size.")
      .above(0);
  describe_subset(f);
  f.check([](const SourceSettings& s, config::Checks& checks) { check_subset(s, checks); });
  f.check({"files"},
          [](const SourceSettings& s, config::Checks& checks) { check_files(s.files, "files", checks); });
}

}  // namespace echelon::data
