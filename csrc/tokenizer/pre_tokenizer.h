// Cutting normalised text into the words that a model works on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/function_ref.h"
#include "tokenizer/pattern.h"
#include "tokenizer/splitting.h"

namespace echelon::tokenizer {

struct Piece {
  std::string_view text;  ///< never empty
  bool first = false;     ///< starts where the text that is encoded starts
};

/// Thread-safe. Pieces that are given on live until the call returns.
class PreTokenizer {
 public:
  using Emit = FunctionRef<void(Piece)>;
  virtual ~PreTokenizer() = default;
  virtual void split(Piece piece, Emit emit) const = 0;
  /// Whether it is `map_bytes`, which a model that works on bytes makes superfluous.
  virtual bool maps_bytes() const { return false; }
  /// Whether it does something else where the text starts.
  virtual bool minds_start() const { return false; }
};

using PreTokenizers = std::vector<std::unique_ptr<PreTokenizer>>;

/// Each step cuts the pieces of the one before.
void split_by_all(const PreTokenizers& steps, Piece piece, PreTokenizer::Emit emit);

/// Single characters that have one of `flags` (unicode.h) are the matches.
std::unique_ptr<PreTokenizer> split_at_flags(uint16_t flags, SplitBehavior behavior);
std::unique_ptr<PreTokenizer> split_at_pattern(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                               bool inverted);
/// At white space, which goes, and around each sign of punctuation.
std::unique_ptr<PreTokenizer> split_as_bert();
/// `\w+|[^\w\s]+`.
std::unique_ptr<PreTokenizer> split_as_words();
/// Pieces of `length` characters.
std::unique_ptr<PreTokenizer> split_at_length(size_t length);

struct MetaspaceSettings {
  enum class Prepend { kFirst, kNever, kAlways };
  std::string replacement = "\xe2\x96\x81";
  Prepend prepend = Prepend::kAlways;
  bool split = true;
};
/// Blanks become `replacement`, and words start with it.
std::unique_ptr<PreTokenizer> split_at_metaspace(const MetaspaceSettings& settings);

/// A blank in front of what has none.
std::unique_ptr<PreTokenizer> prepend_blank();
/// Bytes as the characters that stand for them (byte_level.h).
std::unique_ptr<PreTokenizer> map_bytes();

}  // namespace echelon::tokenizer
