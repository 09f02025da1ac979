// Texts → token shards.
#pragma once

#include <cstdint>
#include <optional>

#include "data/text/settings.h"
#include "prepare/settings.h"

namespace echelon::prepare {

struct TextPreparation : CommonSettings {
  std::optional<config::InputPath> tokenizer;
  std::string text_key = "text";
  std::optional<data::InstructionSettings> instruction;
  std::optional<std::string> end_of_document;
  bool special_tokens = false;
  std::string name = "shard";
  double unit_mb = 64;
  int64_t shard_tokens = int64_t{1} << 25;
};
void describe(config::Fields<TextPreparation>& f);

}  // namespace echelon::prepare
