// Texts → a tokenizer.
#pragma once

#include <cstdint>

#include "prepare/settings.h"

namespace echelon::prepare {

struct TokenizerPreparation : CommonSettings {
  std::string text_key = "text";
  int64_t vocabulary = 32000;
  int64_t min_frequency = 0;
  std::vector<std::string> special_tokens = {"<|endoftext|>"};
  std::string pattern;
  bool add_prefix_space = false;
  double unit_mb = 64;
};
void describe(config::Fields<TokenizerPreparation>& f);

}  // namespace echelon::prepare
