// Text ↔ tokens, as a model was trained on it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generate/language_model.h"
#include "predict/scorer/model.h"
#include "tokenizer/tokenizer.h"

namespace echelon::predict {

using generate::Ids;

/// Immutable and safe for several threads.
class TextCodec {
 public:
  /// By the tokenizer of `model`; without one each byte is a token, where training says so. Throws
  /// ConfigError where it does not, or the tokenizer has more tokens than the model.
  explicit TextCodec(const LoadedModel& model);

  int64_t vocabulary() const;  ///< what decode() knows: smaller ids

  /// With the special tokens around it that training has put there (data.special_tokens). Throws DataError
  /// for what is no UTF-8.
  Ids encode(std::string_view text) const;
  /// Without those that come after a text: the beginning of one.
  Ids encode_beginning(std::string_view text) const;
  /// As it stands.
  Ids encode_plainly(std::string_view text) const;
  std::string decode(std::span<const uint32_t> ids) const;

 private:
  std::unique_ptr<const tokenizer::Tokenizer> tokenizer_;  ///< null: bytes are tokens
  bool special_tokens_;
  size_t special_after_ = 0;  ///< tokens that come after a text
};

}  // namespace echelon::predict
