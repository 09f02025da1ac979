// The table of replacements that SentencePiece compiles its normalisation rules into
// (`precompiled_charsmap`): the size of a double-array trie (Darts-clone's layout) in bytes, the trie, then
// texts that end with a zero.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

class Charsmap {
 public:
  /// DataError when `bytes` is no such table.
  explicit Charsmap(std::string_view bytes);
  /// Each grapheme cluster of less than six bytes, else each character, is replaced by what belongs to the
  /// shortest key that it starts with: as the reference does it.
  std::string normalise(std::string_view text) const;
  /// DataError when the trie leads out of the table: for readers who do not look.
  void check() const;

 private:
  std::optional<std::string_view> replacement(std::string_view chunk) const;
  std::string_view text_at(uint32_t start) const;

  std::vector<uint32_t> units_;
  std::string texts_;
};

}  // namespace echelon::tokenizer
