// How the documents of texts become sequences of one length.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/text/settings.h"
#include "data/text/token_sequence.h"

namespace echelon::data {

/// The part of every text that a split takes, as fractions of its tokens. Where sequences hold whole
/// documents, those that begin in it.
struct TextRange {
  double begin = 0, end = 1;
};

/// Tokens [first, first + length) of a text, each with the next as its target: one more token follows.
struct Piece {
  int32_t text = 0;
  int32_t length = 0;
  int64_t first = 0;
  bool operator==(const Piece&) const = default;
};

/// The samples by number: the pieces of each, one after the other, what is left of the row being padding.
/// Immutable and safe for several threads.
class Sequences {
 public:
  virtual ~Sequences() = default;
  virtual int64_t size() const = 0;
  /// Replaces `pieces` by those of sample `index`.
  virtual void pieces(int64_t index, std::vector<Piece>& pieces) const = 0;
  /// The numbers of the first samples of the texts, or {0} where samples are made of several texts.
  virtual std::vector<int64_t> starts() const = 0;
  /// Whether some rows may not be full.
  virtual bool pads() const = 0;
};

/// Packing::kStream: sample i of a text of n tokens is its tokens [i·T, (i + 1)·T), T = `length`, wherever
/// documents begin and end; there are floor((n - 1) / T). None reaches from one text into the next.
std::unique_ptr<Sequences> stream_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            int64_t length);

/// Packing::kNone: each document is a sample; a longer one is several, of `length` but for the last.
std::unique_ptr<Sequences> single_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            int64_t length);

/// Packing::kDocuments: the same pieces, put together so that few rows and little padding are needed: the
/// longest first, each where it leaves the least room (best fit decreasing; Ding et al., "Fewer Truncations
/// Improve Language Modeling", 2404.10830). 16 bytes a document.
std::unique_ptr<Sequences> packed_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            int64_t length);

}  // namespace echelon::data
