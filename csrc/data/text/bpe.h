// Byte-pair encoding of one word: the merges of neighbouring tokens, lowest rank first, the leftmost of
// equals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace echelon::data {

class BytePairMerger {
 public:
  struct Merge {
    uint32_t left, right, result;
  };

  /// `byte_tokens`: the token of each byte; `merges` in order of rank.
  BytePairMerger(std::vector<uint32_t> byte_tokens, const std::vector<Merge>& merges);

  /// Appends the tokens of `word` to `tokens`, in time O(n log n).
  void encode(std::string_view word, std::vector<uint32_t>& tokens);

 private:
  struct Rule {
    uint32_t rank, result;
  };
  struct Symbol {
    uint32_t token;
    int32_t previous, next;
    bool alive;
  };
  struct Candidate {
    uint32_t rank;
    int32_t position;
    uint32_t left, right;
    static bool later(const Candidate& a, const Candidate& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
    }
  };

  void consider(int32_t position);
  void merge_word(std::string_view word);

  std::vector<uint32_t> byte_tokens_;
  std::unordered_map<uint64_t, Rule> rules_;  ///< by left << 32 | right
  std::vector<Symbol> symbols_;
  std::vector<Candidate> heap_;
  std::unordered_map<std::string, std::vector<uint32_t>> cache_;
};

}  // namespace echelon::data
