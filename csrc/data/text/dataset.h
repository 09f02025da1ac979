// Texts cut into sequences of one length.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "data/text/token_sequence.h"

namespace echelon::data {

/// The part of every text that a split takes, as fractions of its tokens.
struct TextRange {
  double begin = 0, end = 1;
};

/// Sample i of a text of n tokens is tokens [i·T, (i+1)·T) with the target [i·T + 1, (i+1)·T + 1), T =
/// `sequence_length`; there are floor((n - 1) / T) of them. Samples never reach from one text into the next.
class TextDataset : public Dataset {
 public:
  /// `limit`: the vocabulary of the model. Throws DataError when no text is long enough for one sample.
  TextDataset(std::vector<TokenSequence> texts, TextRange range, int64_t sequence_length, int64_t limit,
              int64_t left_out);

  int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  int64_t left_out() const override { return left_out_; }
  std::vector<int64_t> blocks() const override;
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override;
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override;

 private:
  std::vector<TokenSequence> texts_;
  std::vector<int64_t> starts_;  ///< of the range within each text, in tokens
  std::vector<int64_t> ends_;    ///< number of samples up to the end of each text
  int64_t sequence_length_;
  int64_t limit_;
  int64_t left_out_;
};

}  // namespace echelon::data
