// Which texts are trained on, and how they become sequences of tokens.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "data/loading_settings.h"

namespace echelon::data {

/// How documents become sequences.
enum class Packing { kStream, kDocuments, kNone, kBuckets };

/// The next token is predicted.
struct CausalSettings {};

/// Hidden tokens are predicted: Devlin et al., "BERT" (1810.04805), section 3.1.
struct MaskedSettings {
  double probability = 0.15;
  double random = 0.1;
  double keep = 0.1;
  std::string mask_token = "[MASK]";
  std::optional<int64_t> mask_id;
};
void describe(config::Fields<MaskedSettings>& f);

/// A response is predicted by a model that reads the whole prompt first (data/text/pairs.h).
struct Seq2SeqSettings {
  int64_t source_length = 256;
  int64_t start_id = 0;
};
void describe(config::Fields<Seq2SeqSettings>& f);

using ObjectiveSettings = std::variant<CausalSettings, MaskedSettings, Seq2SeqSettings>;
void describe(config::Fields<ObjectiveSettings>& f);

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
  bool special_tokens = false;
  ObjectiveSettings objective;
  Packing packing = Packing::kStream;
  int64_t sequence_length = 256;
  std::optional<int64_t> bucket_tokens;
  bool verify = false;
};
void describe(config::Fields<TextSettings>& f);

/// The most tokens of a sample of Packing::kBuckets.
int64_t bucket_tokens(const TextSettings& settings);

}  // namespace echelon::data
