// What a job reads, and how.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
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

enum class Crop { kNone, kRandomResized, kShift };

struct AugmentSettings {
  Crop crop = Crop::kNone;
  std::vector<double> scale = {0.08, 1.0};
  std::vector<double> ratio = {3.0 / 4.0, 4.0 / 3.0};
  int64_t shift = 2;
  bool flip = false;
};
void describe(config::Fields<AugmentSettings>& f);

struct ImageSettings : LoadingSettings {
  std::string label_field = "cls";
  std::string label_key = "label";
  int64_t size = 224;
  std::optional<int64_t> resize;
  int channels = 3;
  std::vector<double> mean;
  std::vector<double> std;
  AugmentSettings augment;
};
void describe(config::Fields<ImageSettings>& f);

/// How documents become sequences of one length.
enum class Packing { kStream, kDocuments, kNone };

/// Prompts and responses made of the members of JSON lines.
struct InstructionSettings {
  std::string prompt;
  std::string response;
};
void describe(config::Fields<InstructionSettings>& f);

enum class TextFormat { kAuto, kBytes, kTokens };

struct TextSettings : LoadingSettings {
  std::vector<double> train_range = {0.0, 1.0};
  std::vector<double> test_range = {0.0, 1.0};
  TextFormat format = TextFormat::kAuto;
  std::optional<config::InputPath> tokenizer;
  std::string text_key = "text";
  std::optional<InstructionSettings> instruction;
  std::optional<std::string> end_of_document;
  Packing packing = Packing::kStream;
  int64_t sequence_length = 256;
  bool verify = false;
};
void describe(config::Fields<TextSettings>& f);

using DataSettings = std::variant<ImageSettings, TextSettings>;
void describe(config::Fields<DataSettings>& f);

const LoadingSettings& loading_settings(const DataSettings& settings);

}  // namespace echelon::data
