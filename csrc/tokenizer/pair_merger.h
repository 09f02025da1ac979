// The most frequent pairs of neighbouring tokens in counted words, found and merged one after the other.
#pragma once

#include <cstdint>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/vocabulary.h"
#include "tokenizer/word_counts.h"

namespace echelon::tokenizer {

class PairMerger {
 public:
  /// Ids: special tokens, then the byte-level alphabet in the order of its code points.
  PairMerger(const std::vector<std::string>& special_tokens, const WordCounts& words);
  void merge_up_to(int64_t vocabulary, uint64_t min_frequency);

  std::vector<std::string> tokens() const;
  /// Of a pair that was merged twice the last place counts, as in the reference.
  std::vector<std::pair<uint32_t, uint32_t>> merges() const;

 private:
  static constexpr uint32_t kGone = ~uint32_t{0};
  using Pair = uint64_t;  ///< left << 32 | right
  struct Found {
    int64_t count = 0;  ///< of all that were ever found, also of those merged since: as in the reference
    std::vector<uint32_t> places;  ///< words that have it since it was last queued
    bool touched = false;
  };
  struct Candidate {
    int64_t count;
    Pair pair;
    std::vector<uint32_t> places;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };
  struct Word {
    size_t start;
    uint32_t length;
    int64_t count;
  };

  void count_pairs();
  void change(Pair pair, int64_t by, uint32_t word);
  void queue_touched();
  void merge_in(uint32_t word, uint32_t left, uint32_t right, uint32_t result);
  uint32_t token_of(uint32_t left, uint32_t right);

  Vocabulary tokens_;
  std::vector<std::pair<uint32_t, uint32_t>> merges_;
  std::vector<uint32_t> symbols_;  ///< of all words
  std::vector<Word> words_;
  std::unordered_map<Pair, Found> pairs_;
  std::vector<Pair> touched_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace echelon::tokenizer
