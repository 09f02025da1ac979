// Texts as sequences of tokens.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/dataset.h"
#include "data/text/masking.h"
#include "data/text/sequences.h"
#include "data/text/token_sequence.h"

namespace echelon::data {

struct TextOptions {
  int64_t sequence_length = 0;
  int64_t targets_per_sample = 0;    ///< the most, with padding: sequence_length, or those of a bucket
  int64_t vocabulary = 0;            ///< of the model: tokens must be smaller
  bool document_starts = false;      ///< give the input of that name
  std::optional<Masking> masking{};  ///< else each token's target is the next
  int64_t left_out = 0;              ///< texts that were damaged and left out
};

/// inputs: "tokens" int64 [batch, time]; with document_starts also "document_starts" int64 [batch, time], for
/// each token the place in its row where its document begins. Target int64 [batch, time]: the token that
/// follows, or with masking the token that is hidden; kIgnoredTarget for padding (token 0, each a document of
/// its own), for tokens that are only read and for those that are not hidden. Where a sample has several rows
/// (Dataset::rows_per_sample), a batch is one sample, and its tensors get their shape when it is loaded.
class TextDataset final : public Dataset {
 public:
  /// Throws DataError when there is no sample.
  TextDataset(std::vector<TokenSequence> texts, std::unique_ptr<const Sequences> sequences,
              const TextOptions& options);

  int64_t size() const override { return sequences_->size(); }
  int64_t left_out() const override { return options_.left_out; }
  std::vector<int64_t> blocks() const override { return sequences_->starts(); }
  bool ignores_targets() const override { return ignores_targets_; }
  int64_t targets_per_sample() const override { return options_.targets_per_sample; }
  int64_t rows_per_sample() const override { return sequences_->rows(); }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override;
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override;

 private:
  /// One row of a batch.
  struct Row {
    int64_t* tokens;
    int64_t* target;
    int64_t* starts;  ///< null where they are not given
    int64_t length;
  };
  void load_row(std::span<const Piece> pieces, uint64_t key, const Row& row) const;
  void write_tokens(const Piece& piece, int64_t* tokens, int64_t* target) const;
  void write_starts(const Piece& piece, int64_t column, int64_t* starts) const;

  std::vector<TokenSequence> texts_;
  std::unique_ptr<const Sequences> sequences_;
  TextOptions options_;
  bool ignores_targets_;
};

}  // namespace echelon::data
