#include "data/open_dataset.h"

#include <cstring>
#include <filesystem>
#include <set>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "common/log.h"
#include "common/random.h"
#include "data/concatenation.h"
#include "data/image/dataset.h"
#include "data/partition.h"
#include "data/patterns.h"
#include "data/subset.h"
#include "data/text/dataset.h"
#include "data/text/token_shard.h"
#include "data/text/tokenizer.h"

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
                                           int64_t limit, Communicator* communicator) {
  const SourceOptions options{.label_field = settings.label_field,
                              .label_key = settings.label_key,
                              .classes = limit,
                              .skip_damaged = settings.on_error == OnError::kSkip,
                              .communicator = communicator};
  auto source = open_images(settings, inputs, options);
  if (source->size() == 0) throw DataError("no sample is left: all are damaged");
  return std::make_shared<ImageDataset>(std::move(source), ImageTransform(settings, split == Split::kTrain));
}

bool is_token_shard(const TextSettings& settings, const std::string& path) {
  if (settings.format != TextFormat::kAuto) return settings.format == TextFormat::kTokens;
  return TokenShard::has_magic(MappedFile(path).bytes());
}

std::string tokenize(Tokenizer& tokenizer, const std::string& path) {
  const MappedFile file(path);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  try {
    const std::vector<uint32_t> tokens = tokenizer.encode(text);
    return {reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(uint32_t)};
  } catch (const DataError& error) {
    throw DataError(str_format("{}: {}", path, error.what()));
  }
}

/// Opens the texts of one split, one after the other.
class TextOpener {
 public:
  TextOpener(const TextSettings& settings, int64_t limit, Communicator* communicator)
      : settings_(settings), limit_(limit), communicator_(communicator) {}

  std::vector<TokenSequence> open(const Paths& paths) {
    if (settings_.tokenizer) {
      tokenizer_ = load_tokenizer(settings_.tokenizer->path);
      require_vocabulary(tokenizer_->vocabulary(), settings_.tokenizer->path);
    }
    const auto tokenize_part = [&](int64_t i) { return tokenize_or_skip(paths[i]); };
    std::vector<std::string> tokens(paths.size());
    if (tokenizer_) tokens = share_work(static_cast<int64_t>(paths.size()), tokenize_part, communicator_);
    std::vector<TokenSequence> texts;
    for (size_t i = 0; i < paths.size(); ++i) add(paths[i], std::move(tokens[i]), texts);
    return texts;
  }

  int64_t left_out() const { return left_out_; }

 private:
  void require_vocabulary(int64_t vocabulary, const std::string& path) const {
    if (vocabulary <= limit_) return;
    throw DataError(
        str_format("{}: a vocabulary of {} does not fit the model's of {}; set the model's to at least {}",
                   path, vocabulary, limit_, vocabulary));
  }

  bool skips() const { return settings_.on_error == OnError::kSkip; }

  /// Empty for token shards, and for what is damaged and skipped.
  std::string tokenize_or_skip(const std::string& path) {
    try {
      return is_token_shard(settings_, path) ? "" : tokenize(*tokenizer_, path);
    } catch (const Error& error) {
      if (!skips()) throw;
      return "";
    }
  }

  void add(const std::string& path, std::string tokens, std::vector<TokenSequence>& texts) {
    try {
      if (is_token_shard(settings_, path)) {
        texts.push_back(TokenSequence::from_shard(path, settings_.verify));
        require_vocabulary(texts.back().vocabulary(), path);
      } else if (tokenizer_) {
        texts.push_back(TokenSequence::from_tokenizer(path, std::move(tokens)));
      } else {
        texts.push_back(TokenSequence::from_bytes(path));
      }
    } catch (const Error& error) {
      if (!skips()) throw;
      if (left_out_++ == 0) log::info("left out a damaged text (others are counted): {}", error.what());
    }
  }

  const TextSettings& settings_;
  int64_t limit_;
  Communicator* communicator_;
  std::unique_ptr<Tokenizer> tokenizer_;
  int64_t left_out_ = 0;
};

std::shared_ptr<const Dataset> open_inputs(const TextSettings& settings, const Inputs& inputs, Split split,
                                           int64_t limit, Communicator* communicator) {
  const std::vector<double>& range = split == Split::kTrain ? settings.train_range : settings.test_range;
  TextOpener opener(settings, limit, communicator);
  std::vector<TokenSequence> texts = opener.open(expand(inputs));
  return std::make_shared<TextDataset>(std::move(texts), TextRange{range[0], range[1]},
                                       settings.sequence_length, limit, opener.left_out());
}

/// Opens what training reads; sources with weights remain apart in the order of training.
template <class Settings>
std::shared_ptr<const Dataset> open_training(const Settings& settings, int64_t limit, uint64_t seed,
                                             Communicator* communicator) {
  if (settings.sources.empty()) {
    return take_subset(open_inputs(settings, settings.train, Split::kTrain, limit, communicator), settings,
                       seed);
  }
  std::vector<NamedDataset> parts;
  bool weighted = false;
  for (const auto& [name, source] : settings.sources) {
    weighted = source.weight.has_value();
    auto dataset = open_inputs(settings, source.files, Split::kTrain, limit, communicator);
    parts.push_back(
        {name, take_subset(std::move(dataset), source, derive_key(seed, name)), source.weight.value_or(1)});
  }
  return concatenate(std::move(parts), weighted);
}

template <class Settings>
std::shared_ptr<const Dataset> open_split(const Settings& settings, Split split, int64_t limit, uint64_t seed,
                                          Communicator* communicator) {
  if (split == Split::kTrain) return open_training(settings, limit, seed, communicator);
  return settings.test.empty() ? nullptr : open_inputs(settings, settings.test, split, limit, communicator);
}

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, Split split, int64_t limit,
                                            uint64_t seed, Communicator* communicator) {
  return std::visit([&](const auto& chosen) { return open_split(chosen, split, limit, seed, communicator); },
                    settings);
}

}  // namespace echelon::data
