// Tokens and their ids, both ways, looked up without allocating.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace echelon::tokenizer {

class Vocabulary {
 public:
  /// False, and nothing is changed, when the token is there already with another id, or the id with another
  /// token.
  bool add(std::string_view token, uint32_t id);
  std::optional<uint32_t> find(std::string_view token) const;
  std::optional<std::string_view> token(uint32_t id) const;
  size_t size() const { return tokens_.size(); }
  /// All ids are smaller.
  int64_t limit() const { return limit_; }
  size_t longest_token() const { return longest_; }  ///< in bytes

  struct Token {
    std::string text;
    uint32_t id;
  };
  const std::deque<Token>& tokens() const { return tokens_; }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t number = 0;  ///< of the token, from 1 on; 0 where the slot is empty
  };
  void grow();
  size_t slot_of(std::string_view token, uint32_t hash) const;

  std::deque<Token> tokens_;
  std::vector<Slot> slots_;  ///< a power of two of them, at most half full
  std::unordered_map<uint32_t, uint32_t> by_id_;
  int64_t limit_ = 0;
  size_t longest_ = 0;
};

}  // namespace echelon::tokenizer
