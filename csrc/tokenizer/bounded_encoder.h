// Text → tokens of a bounded number.
#pragma once

#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {

/// Gives at most `max_tokens` ids: the special tokens around a text all stay, and the text's own are cut at
/// its end, which is what Hugging Face's tokenizers do with `truncation="longest_first"` for one text.
/// Immutable, and safe for many threads at once.
class BoundedEncoder {
 public:
  /// `tokenizer` outlives this. ConfigError where the special tokens alone are as many as `max_tokens`.
  BoundedEncoder(const Tokenizer& tokenizer, size_t max_tokens);

  /// As Tokenizer::encode with special tokens.
  std::vector<uint32_t> encode(std::string_view text) const;

 private:
  const Tokenizer& tokenizer_;
  size_t max_tokens_;
  size_t last_ = 0;  ///< special tokens after the text
};

}  // namespace echelon::tokenizer
