// Matches of a pattern → pieces of the text, as the `behavior` of the reference's Split says.
#pragma once

#include <optional>
#include <string_view>

#include "tokenizer/function_ref.h"

namespace echelon::tokenizer {

enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

/// Takes the matches in order, gives the pieces in order.
class Splitting {
 public:
  using Emit = FunctionRef<void(std::string_view)>;
  /// `inverted`: what does not match takes the place of what does.
  Splitting(std::string_view text, SplitBehavior behavior, bool inverted, Emit emit)
      : text_(text), behavior_(behavior), inverted_(inverted), emit_(emit) {}

  void match(size_t start, size_t end) {
    if (start > done_) segment(done_, start, inverted_);
    segment(start, end, !inverted_);
    done_ = end;
  }
  /// After the last match.
  void finish() {
    if (done_ < text_.size()) segment(done_, text_.size(), inverted_);
    flush();
  }

 private:
  void segment(size_t start, size_t end, bool is_match);
  void emit(size_t start, size_t end) { emit_(text_.substr(start, end - start)); }
  void hold(size_t start, size_t end);
  void flush();

  std::string_view text_;
  SplitBehavior behavior_;
  bool inverted_;
  Emit emit_;
  size_t done_ = 0;
  struct Held {
    size_t start, end;
  };
  std::optional<Held> held_;
  bool previous_ = false;  ///< whether the segment before was a match
};

}  // namespace echelon::tokenizer
