#include "data/settings.h"

#include <algorithm>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"
#include "data/patterns.h"

namespace echelon::data {
namespace {

template <class T>
void describe_subset(config::Fields<T>& f) {
  f.add("fraction", &T::fraction,
        "Train on this share of the samples, drawn at random, the same in every epoch; not set: on all.")
      .above(0)
      .at_most(1);
  f.add("limit", &T::limit, "Train on so many of the samples at most, drawn at random.").at_least(1);
  f.add("stratified", &T::stratified, "Draw them so that every class keeps its share.");
}

template <class T>
void check_subset(const T& s, config::Checks& checks) {
  if (s.stratified && !s.fraction && !s.limit)
    checks.problem("stratified", "has no effect without fraction or limit");
}

/// The training data are said in one way: under `train`, or as `sources`.
template <class T>
void check_train(const T& s, config::Checks& checks) {
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
  f.check(check_subset<T>);
  f.check({"train", "sources"}, check_train<T>);
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

/// Two numbers, the first not above the second.
void check_pair(const std::vector<double>& pair, std::string_view key, config::Checks& checks) {
  if (pair.size() == 2 && pair[0] > pair[1]) checks.problem(key, "must give the lower number first");
}

void check_channels(const std::vector<double>& values, int channels, std::string_view key,
                    config::Checks& checks) {
  if (values.empty() || values.size() == static_cast<size_t>(channels)) return;
  checks.problem(key, str_format("has {} numbers for {} channels", values.size(), channels));
}

void check_images(const ImageSettings& s, config::Checks& checks) {
  check_channels(s.mean, s.channels, "mean", checks);
  check_channels(s.std, s.channels, "std", checks);
  if (s.resize && *s.resize < s.size)
    checks.problem("resize", str_format("must be at least size ({})", s.size));
  if (s.label_field != "json" && checks.is_set("label_key")) {
    checks.problem("label_key", "has no effect unless label_field is json");
  }
}

void check_augmentation(const AugmentSettings& s, config::Checks& checks) {
  check_pair(s.scale, "scale", checks);
  check_pair(s.ratio, "ratio", checks);
  const std::string_view without_effect = "has no effect unless crop is ";
  for (const char* key : {"scale", "ratio"}) {
    if (s.crop != Crop::kRandomResized && checks.is_set(key)) {
      checks.problem(key, str_format("{}random_resized", without_effect));
    }
  }
  if (s.crop != Crop::kShift && checks.is_set("shift"))
    checks.problem("shift", str_format("{}shift", without_effect));
}

/// Every brace opens a key, closes one, or is doubled.
bool well_formed(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{' && pattern[i] != '}') continue;
    const bool doubled = i + 1 < pattern.size() && pattern[i + 1] == pattern[i];
    if (doubled) {
      ++i;
      continue;
    }
    const size_t close = pattern.find_first_of("{}", i + 1);
    if (pattern[i] == '}' || close == pattern.npos || pattern[close] == '{' || close == i + 1) return false;
    i = close;
  }
  return true;
}

void check_instruction(const InstructionSettings& s, config::Checks& checks) {
  const std::string_view problem = "has a brace that neither encloses a key nor is doubled";
  if (!well_formed(s.prompt)) checks.problem("prompt", problem);
  if (!well_formed(s.response)) checks.problem("response", problem);
}

void check_text(const TextSettings& s, config::Checks& checks) {
  check_pair(s.train_range, "train_range", checks);
  check_pair(s.test_range, "test_range", checks);
  if (s.tokenizer && s.format != TextFormat::kAuto) {
    checks.problem("tokenizer", "contradicts format: bytes and token shards are not tokenized");
  }
  if (s.instruction && checks.is_set("text_key"))
    checks.problem("text_key", "has no effect with instruction");
  if (s.verify && s.format == TextFormat::kBytes)
    checks.problem("verify", "has no effect on bytes: only token shards have checksums");
}

}  // namespace

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
  f.check(check_subset<SourceSettings>);
  f.check({"files"},
          [](const SourceSettings& s, config::Checks& checks) { check_files(s.files, "files", checks); });
}

void describe(config::Fields<AugmentSettings>& f) {
  f.about("Random changes to training images, a function of seed, epoch and sample.");
  f.add("crop", &AugmentSettings::crop,
        "random_resized: a random part of the image, resized; shift: the central crop moved at random; none: "
        "the central "
        "crop.")
      .values({{"none", Crop::kNone}, {"random_resized", Crop::kRandomResized}, {"shift", Crop::kShift}});
  f.add("scale", &AugmentSettings::scale,
        "Area of a random resized crop, least and most, as a share of the image.")
      .above(0)
      .at_most(1)
      .min_items(2)
      .max_items(2);
  f.add("ratio", &AugmentSettings::ratio, "Width by height of a random resized crop, least and most.")
      .range(0.01, 100)
      .min_items(2)
      .max_items(2);
  f.add("shift", &AugmentSettings::shift,
        "Most pixels by which crop: shift moves each way; what enters is black.")
      .range(0, 4096)
      .unit("pixels");
  f.add("flip", &AugmentSettings::flip, "Mirror every second image, at random, left to right.");
  f.check(check_augmentation);
}

void describe(config::Fields<ImageSettings>& f) {
  f.about("JPEG, PNG and WebP images with a class each, in WebDataset tar shards or in one folder for each class.");
  f.add("train", &ImageSettings::train,
        "Tar shards as paths, globs or ranges like train-{000..004}.tar; or one folder that holds a folder "
        "of images for "
        "each class.")
      .min_items(1)
      .example("['data/train-{000..127}.tar']");
  f.add("test", &ImageSettings::test, "The same for evaluation.");
  f.add("label_field", &ImageSettings::label_field,
        "Extension of the file in a tar sample that holds the class: a whole number, or json.");
  f.add("label_key", &ImageSettings::label_key, "Member of the json field that is the class.");
  f.add("size", &ImageSettings::size, "Height and width of the images that the model sees.")
      .range(1, 8192)
      .unit("pixels");
  f.add("resize", &ImageSettings::resize, "Shorter side of an image before its central crop; not set: size.")
      .range(1, 8192)
      .unit("pixels");
  f.add("channels", &ImageSettings::channels, "1: grey, 3: red, green, blue.").one_of({1, 3});
  f.add("mean", &ImageSettings::mean,
        "Subtracted from each channel, after pixels became 0 to 1; not set: 0.");
  f.add("std", &ImageSettings::std, "Divides each channel after that; not set: 1.").above(0);
  f.add("augment", &ImageSettings::augment, "Random changes to training images.");
  describe_loading(f);
  f.check(check_images);
  f.check({"train"},
          [](const ImageSettings& s, config::Checks& checks) { check_files(s.train, "train", checks); });
  f.check({"test"},
          [](const ImageSettings& s, config::Checks& checks) { check_files(s.test, "test", checks); });
}

void describe(config::Fields<InstructionSettings>& f) {
  f.about("Prompts and responses. {key} stands for that member of a line, {{ and }} for braces.");
  f.add("prompt", &InstructionSettings::prompt, "What is read.").required().example("'{question}\\n'");
  f.add("response", &InstructionSettings::response, "What is learned.").required().example("'{answer}'");
  f.check(check_instruction);
}

void describe(config::Fields<TextSettings>& f) {
  f.about("Text as tokens, cut into sequences of one length; the target is the next token.");
  f.add("train", &TextSettings::train,
        "Token shards, plain text (a document each) or JSON lines (.jsonl, a document a line): paths, globs "
        "or ranges like train-{000..004}.tokens.")
      .min_items(1)
      .example("[data/train-*.tokens]");
  f.add("test", &TextSettings::test, "The same for evaluation; may be the file of train with another range.");
  f.add("train_range", &TextSettings::train_range, "Part of each text to train on, as shares of its length.")
      .range(0, 1)
      .min_items(2)
      .max_items(2)
      .example("[0.0, 0.9]");
  f.add("test_range", &TextSettings::test_range, "Part of each text to evaluate on, as shares of its length.")
      .range(0, 1)
      .min_items(2)
      .max_items(2)
      .example("[0.9, 1.0]");
  f.add("format", &TextSettings::format,
        "bytes: every byte is a token, 256 in all; tokens: token shards; auto: token shards are recognised, "
        "other files "
        "pass through the tokenizer where one is given, else bytes.")
      .values({{"auto", TextFormat::kAuto}, {"bytes", TextFormat::kBytes}, {"tokens", TextFormat::kTokens}});
  f.add("tokenizer", &TextSettings::tokenizer,
        "A tokenizer.json (Hugging Face), a tekken.json, a tiktoken file of ranks, or a SentencePiece model.")
      .must_exist();
  f.add("text_key", &TextSettings::text_key, "Member of JSON lines that is the text of a document.");
  f.add("instruction", &TextSettings::instruction,
        "Instead of text_key: JSON lines as prompts, which are only read, and responses, which are learned.");
  f.add("end_of_document", &TextSettings::end_of_document,
        "Text that is put after each document; with a tokenizer as a rule its token for that.")
      .example("'<|endoftext|>'");
  f.add("packing", &TextSettings::packing,
        "How documents become sequences. stream: one after the other, cut wherever a sequence is full; "
        "documents: whole ones together, so that little padding is needed, and only those longer than a "
        "sequence are cut; none: each for itself, with padding.")
      .values({{"stream", Packing::kStream}, {"documents", Packing::kDocuments}, {"none", Packing::kNone}});
  f.add("sequence_length", &TextSettings::sequence_length, "Tokens of a sample.")
      .range(1, 1 << 24)
      .unit("tokens");
  f.add("verify", &TextSettings::verify,
        "Compare the checksums of token shards at the start, which reads all of them.");
  describe_loading(f);
  f.check(check_text);
  f.check({"train"},
          [](const TextSettings& s, config::Checks& checks) { check_files(s.train, "train", checks); });
  f.check({"test"},
          [](const TextSettings& s, config::Checks& checks) { check_files(s.test, "test", checks); });
}

void describe(config::Fields<DataSettings>& f) {
  f.about("What is trained on.");
  f.choice<ImageSettings>("images", "JPEG, PNG and WebP images with a class each.");
  f.choice<TextSettings>("text", "Text as tokens.");
}

const LoadingSettings& loading_settings(const DataSettings& settings) {
  return std::visit([](const auto& chosen) -> const LoadingSettings& { return chosen; }, settings);
}

}  // namespace echelon::data
