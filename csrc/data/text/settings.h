// Which texts are trained on, and how they become sequences of tokens.
#pragma once

#include "data/loading_settings.h"

namespace echelon::data {

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

}  // namespace echelon::data
