// How a language model writes. Free of LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/declare.h"

namespace echelon::generate {

struct GenerationSettings {
  int64_t max_new_tokens = 64;
  double temperature = 0;  ///< 0: always the most probable token
  std::optional<int64_t> top_k;
  double top_p = 1;
  int64_t seed = 0;
  std::optional<std::vector<std::string>> stop;  ///< not set: what ended documents in training
};
void describe(config::Fields<GenerationSettings>& f);

}  // namespace echelon::generate
