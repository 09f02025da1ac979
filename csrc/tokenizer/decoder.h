// Tokens → text. Each step turns a list of tokens into another; the text is what the last gives, joined.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokenizer/pattern.h"
#include "tokenizer/pre_tokenizer.h"

namespace echelon::tokenizer {

using Tokens = std::vector<std::string>;

/// Thread-safe. Tokens are well-formed UTF-8 (but for `decode_bytes`) and stay so.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual Tokens decode(Tokens tokens) const = 0;
};

using Decoders = std::vector<std::unique_ptr<Decoder>>;

std::unique_ptr<Decoder> decode_bytes();  ///< tokens are bytes
std::unique_ptr<Decoder> decode_byte_level();
std::unique_ptr<Decoder> decode_metaspace(const MetaspaceSettings& settings);
std::unique_ptr<Decoder> decode_word_piece(std::string prefix, bool cleanup);
std::unique_ptr<Decoder> decode_byte_fallback();  ///< runs of `<0x0A>`
std::unique_ptr<Decoder> decode_fuse();
std::unique_ptr<Decoder> decode_strip(std::string character, size_t start, size_t stop);
std::unique_ptr<Decoder> decode_replace(std::unique_ptr<Pattern> pattern, std::string content);
std::unique_ptr<Decoder> decode_suffix(std::string suffix);  ///< the reference's BPEDecoder
std::unique_ptr<Decoder> decode_ctc(std::string pad, std::string delimiter, bool cleanup);

}  // namespace echelon::tokenizer
