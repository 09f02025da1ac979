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

  /// In tokens of a text of `tokens`.
  int64_t begin_of(int64_t tokens) const;
  int64_t end_of(int64_t tokens) const;
};

/// Tokens [first, first + length) of a text; SequenceShape::following more follow.
struct Piece {
  int32_t text = 0;
  int32_t length = 0;
  int64_t first = 0;
  bool operator==(const Piece&) const = default;
};

struct SequenceShape {
  int64_t length = 0;     ///< of a row, the most
  int64_t following = 1;  ///< tokens that must come after a piece: 1 where each token's target is the next
};

/// The samples by number: the pieces of each, one after the other in one row, what is left of it being
/// padding; or each in a row of its own. Immutable and safe for several threads.
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
  /// The most rows of a sample; more than 1: each piece is a row, and rows are as long as the longest of
  /// them.
  virtual int64_t rows() const { return 1; }
};

/// Packing::kStream: sample i of a text of n tokens is its tokens [i·T, (i + 1)·T), T = `shape.length`,
/// wherever documents begin and end; there are floor((n - following) / T). None reaches from one text into
/// the next.
std::unique_ptr<Sequences> stream_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape);

/// Packing::kNone: each document is a sample; a longer one is several, of `shape.length` but for the last.
std::unique_ptr<Sequences> single_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape);

/// Packing::kDocuments: the same pieces, put together so that few rows and little padding are needed: the
/// longest first, each where it leaves the least room (best fit decreasing; Ding et al., "Fewer Truncations
/// Improve Language Modeling", 2404.10830). 16 bytes a document.
std::unique_ptr<Sequences> packed_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape);

/// Packing::kBuckets: the same pieces by length, as many neighbours together as `tokens` hold when each is
/// padded to the longest. `key` decides which of equal length come together.
std::unique_ptr<Sequences> bucketed_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                              const SequenceShape& shape, int64_t tokens, uint64_t key);

}  // namespace echelon::data
