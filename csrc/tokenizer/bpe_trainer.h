// Training of byte-level byte-pair encoding: the most frequent pair of neighbouring tokens becomes a token,
// again and again (Sennrich et al., 2016). The merges are those of the `tokenizers` library's BpeTrainer with
// the byte-level alphabet; of pairs that are equally frequent the one of the smaller ids comes first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/pattern.h"
#include "tokenizer/word_counts.h"

namespace echelon::tokenizer {

struct BpeTraining {
  /// All tokens: special ones, one for each byte, and merges until there are so many, or none is left.
  int64_t vocabulary = 32000;
  uint64_t min_frequency = 0;               ///< of a pair that becomes a token
  std::vector<std::string> special_tokens;  ///< the first ids
  std::string pattern{kGpt2Pattern};        ///< pattern.h
  bool add_prefix_space = false;  ///< a blank in front of a text that has none; with GPT-2's pattern
  int threads = 1;
};

struct TrainedBpe {
  BpeTraining training;
  std::vector<std::string> tokens;                    ///< by id, in byte_level.h's alphabet
  std::vector<std::pair<uint32_t, uint32_t>> merges;  ///< in order
  /// As a tokenizer.json, which load_tokenizer and the reference read.
  std::string to_json() const;
};

/// The result is the same for any number of threads and any order of the texts.
class BpeTrainer {
 public:
  /// DataError when the pattern is not supported, or the settings contradict each other.
  explicit BpeTrainer(BpeTraining training);
  /// Counts the words of `texts`, by as many threads. May be called again and again. DataError names the text
  /// by its number that is no UTF-8.
  void add(std::span<const std::string_view> texts);
  /// One text, by this thread.
  void add(std::string_view text) { count(text, counts_); }
  /// What another trainer counted.
  void add_words(std::string_view word, uint64_t count) { counts_.add(word, count); }
  const WordCounts& counts() const { return counts_; }
  TrainedBpe train() const;

 private:
  void count(std::string_view text, WordCounts& counts) const;

  BpeTraining training_;
  std::unique_ptr<Pattern> pattern_;
  WordCounts counts_;
};

}  // namespace echelon::tokenizer
