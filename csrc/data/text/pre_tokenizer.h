// Cutting text into the words that byte-pair encoding works on.
#pragma once

#include <memory>
#include <string_view>

namespace echelon::data {

/// GPT-2's pattern: contractions, letters, numbers and other signs each with one blank before them, and
/// blanks.
class WordSplitter {
 public:
  WordSplitter();
  ~WordSplitter();

  /// The length of the word at the start of `text`, which must be well-formed UTF-8 and not empty. Every
  /// character belongs to a word.
  size_t first_word(std::string_view text);

 private:
  struct Pattern;
  std::unique_ptr<Pattern> pattern_;
};

}  // namespace echelon::data
