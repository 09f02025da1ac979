// How probable a language model finds texts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "generate/language_model.h"

namespace echelon::generate {

/// A text that is given. Where the model reads a source, with its source; else that is empty.
struct GivenText {
  Ids source{};
  Ids tokens{};
};

struct Likelihood {
  double log_probability = 0;  ///< natural logarithm, summed over the tokens that count
  int64_t tokens = 0;  ///< those: all but the first, which nothing comes before; all where there is a source
};

/// Of each token given those before it, and the source. They run as one batch. Each has at least one token
/// that counts, at most the model's context in all, and of a source as much.
/// `start`: where a source is read, the token before the first.
std::vector<Likelihood> likelihoods(const LanguageModel& model, std::span<const GivenText> texts,
                                    uint32_t start = 0);

}  // namespace echelon::generate
