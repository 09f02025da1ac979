// How often each word is there.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

class WordCounts {
 public:
  struct Word {
    std::string_view text;
    uint64_t count;
  };

  WordCounts() : slots_(1 << 12) {}
  WordCounts(WordCounts&&) = default;
  WordCounts& operator=(WordCounts&&) = default;

  void add(std::string_view word, uint64_t count = 1);
  void add_all(const WordCounts& others);
  /// In the order in which they came.
  const std::vector<Word>& words() const { return words_; }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t number = 0;  ///< of the word, from 1 on; 0 where the slot is empty
  };
  std::string_view keep(std::string_view word);
  void grow();

  std::vector<Slot> slots_;  ///< a power of two of them, at most half full
  std::vector<Word> words_;
  std::deque<std::vector<char>> blocks_;  ///< what the texts of words stand in
};

}  // namespace echelon::tokenizer
