#include "data/text/dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {

TextDataset::TextDataset(std::vector<TokenSequence> texts, std::unique_ptr<const Sequences> sequences,
                         const TextOptions& options)
    : texts_(std::move(texts)),
      sequences_(std::move(sequences)),
      options_(options),
      ignores_targets_(sequences_->pads() || std::ranges::any_of(texts_, &TokenSequence::has_targets)) {
  if (sequences_->size() > 0) return;
  int64_t longest = 0;
  for (const TokenSequence& text : texts_) longest = std::max(longest, text.size());
  throw DataError(
      str_format("no text is long enough for one sample of {} tokens and the one after them, or none lies in "
                 "the range; the longest has {} in all: lower sequence_length, widen the range or add text",
                 sequences_->pads() ? 1 : options.sequence_length, longest));
}

Batch TextDataset::allocate(int64_t samples, at::ScalarType /*dtype*/, bool pinned) const {
  const auto options = at::TensorOptions().dtype(at::kLong).pinned_memory(pinned);
  const auto rows = [&] { return at::empty({samples, options_.sequence_length}, options); };
  Batch batch;
  batch.inputs["tokens"] = rows();
  if (options_.document_starts) batch.inputs["document_starts"] = rows();
  batch.target = rows();
  return batch;
}

void TextDataset::write_tokens(const Piece& piece, int64_t* tokens, int64_t* target) const {
  const TokenSequence& text = texts_[static_cast<size_t>(piece.text)];
  text.read(piece.first, piece.length, options_.vocabulary, tokens);
  std::memcpy(target, tokens + 1, static_cast<size_t>(piece.length - 1) * sizeof(int64_t));
  text.read(piece.first + piece.length, 1, options_.vocabulary, target + piece.length - 1);
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

void TextDataset::load(int64_t index, uint64_t /*key*/, Batch& batch, int64_t row) const {
  thread_local std::vector<Piece> pieces;
  sequences_->pieces(index, pieces);
  const int64_t length = options_.sequence_length, offset = row * length;
  auto* tokens = batch.inputs.at("tokens").mutable_data_ptr<int64_t>() + offset;
  auto* target = batch.target.mutable_data_ptr<int64_t>() + offset;
  auto* starts = options_.document_starts
                     ? batch.inputs.at("document_starts").mutable_data_ptr<int64_t>() + offset
                     : nullptr;
  int64_t column = 0;
  for (const Piece& piece : pieces) {
    write_tokens(piece, tokens + column, target + column);
    if (starts != nullptr) write_starts(piece, column, starts + column);
    column += piece.length;
  }
  std::fill(tokens + column, tokens + length, 0);
  std::fill(target + column, target + length, kIgnoredTarget);
  if (starts != nullptr) std::iota(starts + column, starts + length, column);
}

}  // namespace echelon::data
