#include "data/text/dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "common/stage_clock.h"

namespace echelon::data {

TextDataset::TextDataset(std::vector<TokenSequence> texts, std::unique_ptr<const Sequences> sequences,
                         const TextOptions& options)
    : texts_(std::move(texts)),
      sequences_(std::move(sequences)),
      options_(options),
      ignores_targets_(sequences_->pads() || options.masking ||
                       std::ranges::any_of(texts_, &TokenSequence::has_targets)) {
  if (sequences_->size() > 0) return;
  int64_t longest = 0;
  for (const TokenSequence& text : texts_) longest = std::max(longest, text.size());
  throw DataError(
      str_format("no text is long enough for one sample of {} tokens and the one after them, or none lies in "
                 "the range; the longest has {} in all: lower sequence_length, widen the range or add text",
                 sequences_->pads() ? 1 : options.sequence_length, longest));
}

Batch TextDataset::allocate(int64_t samples, at::ScalarType /*dtype*/, bool pinned) const {
  const bool buckets = sequences_->rows() > 1;
  if (buckets && samples != 1)
    throw InternalError(str_format("a batch of {} samples, each of which is a batch", samples));
  const auto options = at::TensorOptions().dtype(at::kLong).pinned_memory(pinned);
  const auto rows = [&] { return at::empty({samples, buckets ? 0 : options_.sequence_length}, options); };
  Batch batch;
  batch.inputs["tokens"] = rows();
  if (options_.document_starts) batch.inputs["document_starts"] = rows();
  batch.target = rows();
  return batch;
}

void TextDataset::write_tokens(const Piece& piece, int64_t* tokens, int64_t* target) const {
  const TokenSequence& text = texts_[static_cast<size_t>(piece.text)];
  {
    const StageScope scope(LoadStage::kRead);
    text.read(piece.first, piece.length, options_.vocabulary, tokens);
    if (options_.masking) return;
    text.read(piece.first + piece.length, 1, options_.vocabulary, target + piece.length - 1);
  }
  std::memcpy(target, tokens + 1, static_cast<size_t>(piece.length - 1) * sizeof(int64_t));
  if (!text.has_targets()) return;
  for (int64_t i = 0; i < piece.length; ++i) {
    if (!text.is_target(piece.first + i + 1)) target[i] = kIgnoredTarget;
  }
}

void TextDataset::write_starts(const Piece& piece, int64_t column, int64_t* starts) const {
  const TokenSequence& text = texts_[static_cast<size_t>(piece.text)];
  int64_t document = text.document_of(piece.first), begin = 0;
  for (int64_t i = 0; i < piece.length; ++i) {
    if (piece.first + i == text.document_start(document + 1)) {
      ++document;
      begin = i;
    }
    starts[i] = column + begin;
  }
}

void TextDataset::load_row(std::span<const Piece> pieces, uint64_t key, const Row& row) const {
  int64_t column = 0;
  for (const Piece& piece : pieces) {
    write_tokens(piece, row.tokens + column, row.target + column);
    if (row.starts != nullptr) write_starts(piece, column, row.starts + column);
    column += piece.length;
  }
  const auto filled = static_cast<size_t>(column);
  if (options_.masking) mask_tokens(*options_.masking, key, {row.tokens, filled}, {row.target, filled});
  std::fill(row.tokens + column, row.tokens + row.length, 0);
  std::fill(row.target + column, row.target + row.length, kIgnoredTarget);
  if (row.starts != nullptr) std::iota(row.starts + column, row.starts + row.length, column);
}

void TextDataset::load(int64_t index, uint64_t key, Batch& batch, int64_t row) const {
  thread_local std::vector<Piece> pieces;
  sequences_->pieces(index, pieces);
  const bool buckets = sequences_->rows() > 1;
  int64_t length = options_.sequence_length;
  if (buckets) {
    length = std::ranges::max(pieces, {}, &Piece::length).length;
    const std::vector<int64_t> shape = {static_cast<int64_t>(pieces.size()), length};
    for (auto& [name, tensor] : batch.inputs) tensor.resize_(shape);
    batch.target.resize_(shape);
  }
  const auto begin = [&](const at::Tensor& tensor) {
    return tensor.mutable_data_ptr<int64_t>() + row * length;
  };
  Row first{.tokens = begin(batch.inputs.at("tokens")),
            .target = begin(batch.target),
            .starts = options_.document_starts ? begin(batch.inputs.at("document_starts")) : nullptr,
            .length = length};
  // In evaluation all samples have the same key.
  const uint64_t own_key = derive_key(key, static_cast<uint64_t>(index));
  if (!buckets) return load_row(pieces, own_key, first);
  for (size_t i = 0; i < pieces.size(); ++i) {
    load_row({&pieces[i], 1}, derive_key(own_key, i), first);
    first.tokens += length;
    first.target += length;
    if (first.starts != nullptr) first.starts += length;
  }
}

}  // namespace echelon::data
