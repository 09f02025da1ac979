// Tokens that stand for a fixed piece of text and are cut out before anything else, like `<|endoftext|>`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/function_ref.h"
#include "tokenizer/trie.h"

namespace echelon::tokenizer {

struct AddedToken {
  std::string content;
  uint32_t id = 0;
  bool single_word = false;             ///< not within a word
  bool lstrip = false, rstrip = false;  ///< takes white space before or after it along
  bool normalised = true;  ///< looked for in the text after the normalizer, itself put through it
  bool special = false;    ///< left out of decoded text
  bool in_text = true;     ///< looked for at all
};

/// Finds them: the first, and of several at one place the longest. Immutable once filled; thread-safe.
class AddedTokens {
 public:
  /// `pattern` is what is looked for: the content, normalised where it is to be. Must not be empty.
  void add(const std::string& pattern, const AddedToken& token);
  bool empty() const { return tokens_.empty(); }

  /// Calls `found` with the id of each token, `rest` with what lies between, which is never empty; in order.
  void split(std::string_view text, FunctionRef<void(uint32_t id)> found,
             FunctionRef<void(std::string_view)> rest) const;

 private:
  bool stands_alone(std::string_view text, size_t start, size_t end) const;
  size_t next_candidate(std::string_view text, size_t from) const;

  Trie patterns_;
  std::vector<AddedToken> tokens_;
  std::array<bool, 256> starts_{};
  std::string first_bytes_;
};

}  // namespace echelon::tokenizer
