// Text → tokens and back, after a file: a Hugging Face `tokenizer.json`, a `tiktoken` file of ranks,
// Mistral's `tekken.json`, or a SentencePiece `.model`. The ids are those of the libraries that define these
// files (tokenizers, tiktoken, mistral-common, sentencepiece); docs/tokenizers.md says how that is checked.
// What a file uses that is not supported is refused by name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

/// Immutable, and safe for many threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// All ids are smaller.
  virtual int64_t vocabulary() const = 0;

  /// `text` must be UTF-8; DataError names the offset of the first byte that is not (utf8.h's
  /// replace_invalid_utf8 makes it so, the way Python reads a file with errors="replace"). A SentencePiece
  /// model takes any bytes, as its library does. `add_special_tokens` puts around the text what the file's
  /// post-processor says, or the model's begin of text.
  virtual std::vector<uint32_t> encode(std::string_view text, bool add_special_tokens = false) const = 0;

  /// The text that `ids` stand for; what is no UTF-8 in it has become U+FFFD. Ids that stand for nothing are
  /// left out, and special tokens too unless `skip_special_tokens` is false.
  virtual std::string decode(std::span<const uint32_t> ids, bool skip_special_tokens = true) const = 0;

  /// Tokens as the file writes them; those of rank files as their bytes.
  virtual std::optional<uint32_t> token_to_id(std::string_view token) const = 0;
  virtual std::optional<std::string> id_to_token(uint32_t id) const = 0;

  /// Of special tokens, ascending.
  virtual std::vector<uint32_t> special_ids() const = 0;

  /// One result a text, in order, by as many threads. What a text throws, this throws, of several the first
  /// text's.
  std::vector<std::vector<uint32_t>> encode_batch(std::span<const std::string_view> texts, int threads,
                                                  bool add_special_tokens = false) const;
};

/// What kind of file it is its content tells. The sections `truncation` and `padding` of a tokenizer.json
/// must be well-formed, but change no ids: whoever takes the ids decides on lengths. Throws DataError that
/// names the file and the setting in it that is malformed or not supported.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path);

}  // namespace echelon::tokenizer
