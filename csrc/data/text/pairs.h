// Documents of two parts, one of which is read and the other predicted: sequence to sequence.
#pragma once

#include <vector>

#include "data/dataset.h"
#include "data/text/sequences.h"
#include "data/text/token_sequence.h"

namespace echelon::data {

struct PairOptions {
  int64_t source_length = 0;  ///< longer sources are cut
  int64_t length = 0;         ///< of the predicted part, the same
  int64_t start_id = 0;       ///< the token before the first that is predicted
  int64_t vocabulary = 0;     ///< of the model: tokens must be smaller
  int64_t left_out = 0;       ///< texts that were damaged and left out
};

/// Each document is a sample. Its source is what comes before its first target, the rest is predicted.
///
/// inputs, int64: "source" [batch, source_length]; "source_starts", the same, 0 for tokens of the source, and
/// for padding (token 0) the place itself, so that it is a document of its own
/// (nn/layers/document_layer.h); an empty source is one token 0. "tokens" [batch, length]: start_id, then the
/// predicted part without its last token. Target [batch, length]: the predicted part; kIgnoredTarget for
/// padding and for tokens that are only read.
class PairDataset final : public Dataset {
 public:
  /// Throws DataError when a text does not tell targets from other tokens, or there is no document.
  PairDataset(std::vector<TokenSequence> texts, TextRange range, const PairOptions& options);

  int64_t size() const override { return starts_.back(); }
  int64_t left_out() const override { return options_.left_out; }
  std::vector<int64_t> blocks() const override { return {starts_.begin(), starts_.end() - 1}; }
  bool ignores_targets() const override { return true; }
  int64_t targets_per_sample() const override { return options_.length; }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override;
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override;

 private:
  std::vector<TokenSequence> texts_;
  std::vector<int64_t> first_documents_;  ///< of the range within each text
  std::vector<int64_t> starts_;           ///< numbers of the texts' first samples, and the end of the last
  PairOptions options_;
};

}  // namespace echelon::data
