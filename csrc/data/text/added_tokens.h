// Tokens that stand for a fixed piece of text and are cut out before anything else, like `<|endoftext|>`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::data {

class AddedTokens {
 public:
  void add(std::string content, uint32_t id);

  struct Match {
    size_t start, length;
    uint32_t id;
  };
  /// The first token in `text` from `from` on; of several at one place the longest.
  std::optional<Match> find(std::string_view text, size_t from) const;

 private:
  struct Token {
    std::string content;
    uint32_t id;
  };
  std::array<std::vector<Token>, 256> by_first_byte_;  ///< longest first
  std::string first_bytes_;
};

}  // namespace echelon::data
