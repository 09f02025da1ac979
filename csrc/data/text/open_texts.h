// Files of text → tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/open_dataset.h"
#include "data/text/token_sequence.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {

struct OpenTexts {
  std::vector<TokenSequence> texts;
  int64_t left_out = 0;  ///< damaged files and lines, under `on_error: skip`
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer{};  ///< null where none is set
};

/// Token shards and plain bytes are mapped; what a tokenizer has to encode is shared out among the ranks and
/// then held by each. Collective. The vocabularies of shards and tokenizer must fit that of the model. Throws
/// DataError that names the file, on every rank the same.
OpenTexts open_texts(const std::vector<std::string>& paths, const TextSettings& settings,
                     const OpenRequest& request);

}  // namespace echelon::data
