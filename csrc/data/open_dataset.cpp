#include "data/open_dataset.h"

#include <filesystem>
#include <set>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "common/random.h"
#include "data/concatenation.h"
#include "data/image/dataset.h"
#include "data/patterns.h"
#include "data/subset.h"
#include "data/text/dataset.h"
#include "data/text/open_texts.h"
#include "data/text/sequences.h"

namespace echelon::data {
namespace {

using Paths = std::vector<std::string>;
using Inputs = std::vector<config::InputPath>;

Paths expand(const Inputs& inputs) {
  Paths patterns;
  for (const config::InputPath& input : inputs) patterns.push_back(input.path);
  return expand_patterns(patterns);
}

bool is_folder(const std::string& path) {
  return fs::is_directory(path);
}

/// What training reads: `train`, or the files of all sources.
std::vector<Inputs> training_inputs(const LoadingSettings& settings) {
  if (settings.sources.empty()) return {settings.train};
  std::vector<Inputs> inputs;
  for (const auto& [name, source] : settings.sources) inputs.push_back(source.files);
  return inputs;
}

/// The names of the folders of all training data; none where those are tar shards.
std::vector<std::string> training_classes(const ImageSettings& settings) {
  std::set<std::string> names;
  for (const Inputs& inputs : training_inputs(settings)) {
    const Paths paths = expand(inputs);
    if (paths.size() == 1 && is_folder(paths[0])) {
      for (std::string& name : class_names_in(paths[0])) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

std::unique_ptr<ImageSource> open_images(const ImageSettings& settings, const Inputs& inputs,
                                         const SourceOptions& options) {
  const Paths paths = expand(inputs);
  if (std::none_of(paths.begin(), paths.end(), is_folder)) return open_tar_shards(paths, options);
  if (paths.size() > 1) {
    throw DataError(str_format(
        "{} and {} more: images come from tar shards or from one folder with a folder for each class",
        paths.front(), paths.size() - 1));
  }
  // A test split or one of several sources may lack classes; all training data together say which there are.
  const std::vector<std::string> names = training_classes(settings);
  return open_class_folders(paths[0], names.empty() ? class_names_in(paths[0]) : names, options);
}

std::shared_ptr<const Dataset> open_inputs(const ImageSettings& settings, const Inputs& inputs, Split split,
                                           const ModelInput& model, Communicator* communicator) {
  const SourceOptions options{.label_field = settings.label_field,
                              .label_key = settings.label_key,
                              .classes = model.limit,
                              .skip_damaged = settings.on_error == OnError::kSkip,
                              .communicator = communicator};
  auto source = open_images(settings, inputs, options);
  if (source->size() == 0) throw DataError("no sample is left: all are damaged");
  const bool augment = split == Split::kTrain;
  return std::make_shared<ImageDataset>(std::move(source),
                                        image::ImageTransform(transform_options(settings, augment)));
}

std::unique_ptr<Sequences> make_sequences(const TextSettings& settings,
                                          const std::vector<TokenSequence>& texts, TextRange range) {
  const auto make = settings.packing == Packing::kStream      ? stream_sequences
                    : settings.packing == Packing::kDocuments ? packed_sequences
                                                              : single_sequences;
  return make(texts, range, settings.sequence_length);
}

std::shared_ptr<const Dataset> open_inputs(const TextSettings& settings, const Inputs& inputs, Split split,
                                           const ModelInput& model, Communicator* communicator) {
  const std::vector<double>& range = split == Split::kTrain ? settings.train_range : settings.test_range;
  OpenTexts opened = open_texts(expand(inputs), settings, model.limit, communicator);
  auto sequences = make_sequences(settings, opened.texts, {range[0], range[1]});
  return std::make_shared<TextDataset>(std::move(opened.texts), std::move(sequences),
                                       TextOptions{.sequence_length = settings.sequence_length,
                                                   .vocabulary = model.limit,
                                                   .document_starts = model.document_starts,
                                                   .left_out = opened.left_out});
}

/// Opens what training reads; sources with weights remain apart in the order of training.
template <class Settings>
std::shared_ptr<const Dataset> open_training(const Settings& settings, const ModelInput& model, uint64_t seed,
                                             Communicator* communicator) {
  if (settings.sources.empty()) {
    return take_subset(open_inputs(settings, settings.train, Split::kTrain, model, communicator), settings,
                       seed);
  }
  std::vector<NamedDataset> parts;
  bool weighted = false;
  for (const auto& [name, source] : settings.sources) {
    weighted = source.weight.has_value();
    auto dataset = open_inputs(settings, source.files, Split::kTrain, model, communicator);
    parts.push_back(
        {name, take_subset(std::move(dataset), source, derive_key(seed, name)), source.weight.value_or(1)});
  }
  return concatenate(std::move(parts), weighted);
}

template <class Settings>
std::shared_ptr<const Dataset> open_split(const Settings& settings, Split split, const ModelInput& model,
                                          uint64_t seed, Communicator* communicator) {
  if (split == Split::kTrain) return open_training(settings, model, seed, communicator);
  return settings.test.empty() ? nullptr : open_inputs(settings, settings.test, split, model, communicator);
}

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, Split split,
                                            const ModelInput& model, uint64_t seed,
                                            Communicator* communicator) {
  return std::visit([&](const auto& chosen) { return open_split(chosen, split, model, seed, communicator); },
                    settings);
}

}  // namespace echelon::data
