// Byte-pair encoding (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", 2016),
// of characters or of bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/model.h"

namespace echelon::tokenizer {

struct BpeSettings {
  std::optional<std::string> unknown;         ///< what is no token becomes this, or is left out without one
  bool fuse_unknown = false;                  ///< neighbours that are unknown become one
  bool byte_fallback = false;                 ///< what is no token becomes its bytes, tokens like `<0x0A>`
  bool whole_words = false;                   ///< a word that is a token is not taken apart (`ignore_merges`)
  std::string continuing_prefix, end_suffix;  ///< that characters within, and at the end of, a word carry
};

using Merges = std::vector<std::pair<std::string, std::string>>;

/// Words are text. DataError names a merge that needs a token that is not there.
std::unique_ptr<Model> make_bpe(Vocabulary vocabulary, const Merges& merges, const BpeSettings& settings);

/// Words are bytes; the vocabulary and the merges are written in byte_level.h's alphabet, all of which must
/// be in the vocabulary. Of the settings only `whole_words` counts.
std::unique_ptr<Model> make_byte_bpe(Vocabulary vocabulary, const Merges& merges,
                                     const BpeSettings& settings);

/// Words are bytes, and so are the tokens: whatever two neighbours make that is a token merges, the lowest id
/// first, and a word that is a token is not taken apart (tiktoken). All 256 bytes must be in it.
std::unique_ptr<Model> make_rank_bpe(Vocabulary vocabulary);

}  // namespace echelon::tokenizer
