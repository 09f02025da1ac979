// Text → tokens, after a Hugging Face `tokenizer.json` of the byte-level BPE kind (GPT-2 and its like).
//
// Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016); bytes instead of
// characters as in Radford et al., "Language Models are Unsupervised Multitask Learners" (2019). The ids are
// those of the `tokenizers` library. Everything in the file that is not supported is refused by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::data {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// All ids are smaller.
  virtual int64_t vocabulary() const = 0;
  /// `text` must be UTF-8; DataError names the offset of the first byte that is not. Not for several threads
  /// at once.
  virtual std::vector<uint32_t> encode(std::string_view text) = 0;
};

/// Throws DataError that names the file and the setting in it.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path);

/// Offset of the first byte that is no part of well-formed UTF-8 (Unicode 15, table 3-7), or text.size().
size_t first_invalid_utf8(std::string_view text);

}  // namespace echelon::data
