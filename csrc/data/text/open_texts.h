// Files of text → tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/settings.h"
#include "data/text/token_sequence.h"

namespace echelon {
class Communicator;
}

namespace echelon::data {

struct OpenTexts {
  std::vector<TokenSequence> texts;
  int64_t left_out = 0;  ///< damaged files and lines, under `on_error: skip`
};

/// Token shards and plain bytes are mapped; what a tokenizer has to encode is shared out among the ranks of
/// `communicator` (null: alone) and then held by each. Collective. `limit`: the vocabulary of the model,
/// which those of shards and tokenizer must fit. Throws DataError that names the file, on every rank the
/// same.
OpenTexts open_texts(const std::vector<std::string>& paths, const TextSettings& settings, int64_t limit,
                     Communicator* communicator);

}  // namespace echelon::data
