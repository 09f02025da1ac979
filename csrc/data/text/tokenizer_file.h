// The part of a Hugging Face `tokenizer.json` that this program understands, checked to be all of what the
// file says.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/text/added_tokens.h"
#include "data/text/bpe.h"

namespace echelon::data {

struct TokenizerFile {
  int64_t vocabulary = 0;  ///< the largest id, and one
  std::vector<uint32_t> byte_tokens;
  std::vector<BytePairMerger::Merge> merges;
  AddedTokens added;             ///< matched in the text as it is
  AddedTokens added_normalised;  ///< matched after the others
  bool add_prefix_space = false;
  bool use_pattern = true;                                ///< GPT-2's; else a piece of text is one word
  std::unordered_map<std::string, uint32_t> whole_words;  ///< by their bytes, for `ignore_merges`; else empty
};

/// Throws DataError that names the file and the setting that is malformed or not supported.
TokenizerFile read_tokenizer_file(const std::string& path);

}  // namespace echelon::data
