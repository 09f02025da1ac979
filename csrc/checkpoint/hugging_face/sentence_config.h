// What sentence-transformers writes beside a model: how hidden states become one vector for a text.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/file.h"
#include "models/text_embedding.h"

namespace echelon::checkpoint::hugging_face {

struct SentenceConfig {
  std::optional<models::Pooling> pooling;  ///< nothing: the hidden states are the result
  bool normalise = false;
  std::optional<int64_t> max_tokens;  ///< special tokens included
  std::vector<fs::path> files;        ///< those that were read
};

/// Reads modules.json and what it names (a Transformer, a Pooling, a Normalize, in this order; the latter two
/// may be missing), sentence_bert_config.json and config_sentence_transformers.json, as far as they are
/// there. `width`: of the hidden states. Throws DataError that names file and key for other modules, other
/// poolings or several at once, a prompt that is put before texts, and all else that would change the
/// vectors.
SentenceConfig read_sentence_config(const fs::path& folder, int64_t width);

}  // namespace echelon::checkpoint::hugging_face
