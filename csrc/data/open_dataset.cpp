#include "data/open_dataset.h"

#include <cstring>
#include <filesystem>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "common/log.h"
#include "data/image/dataset.h"
#include "data/partition.h"
#include "data/patterns.h"
#include "data/text/dataset.h"
#include "data/text/token_shard.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {
namespace {

using Paths = std::vector<std::string>;

Paths expand(const std::vector<config::InputPath>& inputs) {
  Paths patterns;
  for (const config::InputPath& input : inputs) patterns.push_back(input.path);
  return expand_patterns(patterns);
}

bool is_folder(const std::string& path) {
  return fs::is_directory(path);
}

std::unique_ptr<ImageSource> open_images(const ImageSettings& settings, Split split,
                                         const SourceOptions& options) {
  const Paths paths = expand(split == Split::kTrain ? settings.train : settings.test);
  if (std::none_of(paths.begin(), paths.end(), is_folder)) return open_tar_shards(paths, options);
  if (paths.size() > 1) {
    throw DataError(str_format(
        "{} and {} more: images come from tar shards or from one folder with a folder for each class",
        paths.front(), paths.size() - 1));
  }
  // A test split may lack classes; the training split says which number each has.
  const Paths train = expand(settings.train);
  const std::string& classes_from = train.size() == 1 && is_folder(train[0]) ? train[0] : paths[0];
  return open_class_folders(paths[0], class_names_in(classes_from), options);
}

std::shared_ptr<const Dataset> open_split(const ImageSettings& settings, Split split, int64_t limit,
                                          Communicator* communicator) {
  if ((split == Split::kTrain ? settings.train : settings.test).empty()) return nullptr;
  const SourceOptions options{.label_field = settings.label_field,
                              .label_key = settings.label_key,
                              .classes = limit,
                              .skip_damaged = settings.on_error == OnError::kSkip,
                              .communicator = communicator};
  auto source = open_images(settings, split, options);
  if (source->size() == 0) throw DataError("no sample is left: all are damaged");
  return std::make_shared<ImageDataset>(std::move(source), ImageTransform(settings, split == Split::kTrain));
}

bool is_token_shard(const TextSettings& settings, const std::string& path) {
  if (settings.format != TextFormat::kAuto) return settings.format == TextFormat::kTokens;
  return TokenShard::has_magic(MappedFile(path).bytes());
}

std::string tokenize(const tokenizer::Tokenizer& tokenizer, const std::string& path) {
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
      tokenizer_ = tokenizer::load_tokenizer(settings_.tokenizer->path);
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
  std::unique_ptr<tokenizer::Tokenizer> tokenizer_;
  int64_t left_out_ = 0;
};

std::shared_ptr<const Dataset> open_split(const TextSettings& settings, Split split, int64_t limit,
                                          Communicator* communicator) {
  const bool train = split == Split::kTrain;
  if ((train ? settings.train : settings.test).empty()) return nullptr;
  const std::vector<double>& range = train ? settings.train_range : settings.test_range;
  TextOpener opener(settings, limit, communicator);
  std::vector<TokenSequence> texts = opener.open(expand(train ? settings.train : settings.test));
  return std::make_shared<TextDataset>(std::move(texts), TextRange{range[0], range[1]},
                                       settings.sequence_length, limit, opener.left_out());
}

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const DataSettings& settings, Split split, int64_t limit,
                                            Communicator* communicator) {
  return std::visit([&](const auto& chosen) { return open_split(chosen, split, limit, communicator); },
                    settings);
}

}  // namespace echelon::data
