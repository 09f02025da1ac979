#include "data/open_dataset.h"

#include "common/random.h"
#include "data/concatenation.h"
#include "data/open_files.h"
#include "data/subset.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

/// Opens what training reads; sources with weights remain apart in the order of training.
template <class Settings>
std::shared_ptr<const Dataset> open_training(const Settings& settings, const OpenRequest& request) {
  if (settings.sources.empty())
    return take_subset(open_files(settings, settings.train, request), settings, request.seed);
  std::vector<NamedDataset> parts;
  bool weighted = false;
  for (const auto& [name, source] : settings.sources) {
    weighted = source.weight.has_value();
    auto dataset =
        take_subset(open_files(settings, source.files, request), source, derive_key(request.seed, name));
    parts.push_back({name, std::move(dataset), source.weight.value_or(1)});
  }
  return concatenate(std::move(parts), weighted);
}

template <class Settings>
std::shared_ptr<const Dataset> open_split(const Settings& settings, const OpenRequest& request) {
  if (request.split == Split::kTrain) return open_training(settings, request);
  return settings.test.empty() ? nullptr : open_files(settings, settings.test, request);
}

}  // namespace

std::vector<std::string> expand(const Inputs& inputs, const OpenRequest& request) {
  const auto look = [&](int64_t) {
    std::vector<std::string> patterns;
    for (const config::InputPath& input : inputs) patterns.push_back(input.path);
    std::string names;
    for (const std::string& name : request.storage->expand(patterns)) names.append(name).push_back('\0');
    return names;
  };
  const std::string found = work::share_work(1, look, request.communicator).front();
  std::vector<std::string> names;
  for (size_t at = 0; at < found.size(); at += names.back().size() + 1) names.emplace_back(found.data() + at);
  return names;
}

std::vector<Inputs> training_inputs(const LoadingSettings& settings) {
  if (settings.sources.empty()) return {settings.train};
  std::vector<Inputs> inputs;
  for (const auto& [name, source] : settings.sources) inputs.push_back(source.files);
  return inputs;
}

std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, const OpenRequest& request) {
  return std::visit([&](const auto& chosen) { return open_split(chosen, request); }, settings);
}

}  // namespace echelon::data
