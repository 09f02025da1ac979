// Unigram: the most probable way to make up a word of tokens (Kudo, "Subword Regularization", 2018), by
// Viterbi's algorithm.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tokenizer/model.h"

namespace echelon::tokenizer {

struct UnigramSettings {
  std::vector<double> scores;       ///< by id; the logarithms of probabilities
  std::optional<uint32_t> unknown;  ///< what no token makes up; neighbours become one
  bool byte_fallback = false;       ///< its bytes instead, tokens like `<0x0A>`, where all are there
};

/// Ids are 0, 1, 2, … DataError when a text meets what is unknown and no token stands for it.
std::unique_ptr<Model> make_unigram(Vocabulary vocabulary, const UnigramSettings& settings);

}  // namespace echelon::tokenizer
