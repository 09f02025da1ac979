// Documents → tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/text/documents.h"
#include "data/text/token_shard.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {

struct EncodingOptions {
  std::string tokenizer;                       ///< a file; empty: each byte is a token
  std::optional<std::string> end_of_document;  ///< text that stands at the end of each document
  bool special_tokens = false;                 ///< what the tokenizer's file puts around a text
};

EncodingOptions encoding_options(const TextSettings& settings);

/// Immutable and safe for several threads.
class DocumentEncoder {
 public:
  /// Throws DataError that names the tokenizer's file.
  explicit DocumentEncoder(const EncodingOptions& options);

  /// Null where bytes are tokens.
  const std::shared_ptr<const tokenizer::Tokenizer>& tokenizer() const { return tokenizer_; }
  int64_t vocabulary() const;
  /// Whether documents end with something.
  bool marks_ends() const { return !end_.empty(); }

  /// Throws DataError for text that is no UTF-8.
  void add(const Document& document, TokenShardBuilder& shard) const;

 private:
  std::vector<uint32_t> encode(std::string_view text, bool special_tokens) const;

  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  std::vector<uint32_t> end_;
  bool special_tokens_;
};

}  // namespace echelon::data
