// Regular expressions that text is cut with.
//
// A pattern is Oniguruma's in Ruby's syntax, as the reference has it, and Unicode's as in unicode.h. The
// patterns of the well-known families are recognised by their exact text and matched by scanners written for
// them; others by PCRE2, translated. What means something else there, or cannot be translated, is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/function_ref.h"

namespace echelon::tokenizer {

/// What GPT-2 cuts text with.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

class Pattern {
 public:
  virtual ~Pattern() = default;
  /// Calls `found` with start and end of each match, in order. `text` must be well-formed UTF-8. Thread-safe.
  /// DataError when matching takes more steps than any sensible pattern.
  virtual void find(std::string_view text, FunctionRef<void(size_t start, size_t end)> found) const = 0;
};

/// Throws DataError that quotes the pattern.
std::unique_ptr<Pattern> make_pattern(std::string_view regex);

/// The scanner for a well-known pattern, or null.
std::unique_ptr<Pattern> make_scanner(std::string_view regex);

/// By PCRE2, also where there is a scanner.
std::unique_ptr<Pattern> make_general_pattern(std::string_view regex);

/// The text itself; every match is one occurrence, none overlaps another. `text` must not be empty.
std::unique_ptr<Pattern> make_literal(std::string_view text);

}  // namespace echelon::tokenizer
