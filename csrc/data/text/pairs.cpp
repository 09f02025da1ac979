#include "data/text/pairs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"

namespace echelon::data {
namespace {

void read_tokens(const TokenSequence& text, int64_t first, int64_t count, int64_t vocabulary,
                 int64_t* tokens) {
  const StageScope scope(LoadStage::kRead);
  text.read(first, count, vocabulary, tokens);
}

/// The first document of `text` that begins at token `position` or later.
int64_t document_from(const TokenSequence& text, int64_t position) {
  if (position >= text.size()) return text.documents();
  const int64_t document = text.document_of(position);
  return text.document_start(document) < position ? document + 1 : document;
}

}  // namespace

PairDataset::PairDataset(std::vector<TokenSequence> texts, TextRange range, const PairOptions& options)
    : texts_(std::move(texts)), starts_{0}, options_(options) {
  for (const TokenSequence& text : texts_) {
    if (!text.has_targets()) {
      throw DataError(
          str_format("{}: nothing tells what is read from what is predicted, which data.objective: seq2seq "
                     "needs; set data.instruction, or prepare token shards with it",
                     text.path()));
    }
    const int64_t first = document_from(text, range.begin_of(text.size()));
    const int64_t last = document_from(text, range.end_of(text.size()));
    first_documents_.push_back(first);
    starts_.push_back(starts_.back() + last - first);
  }
  if (size() == 0) throw DataError("no document lies in the range: widen it or add text");
}

Batch PairDataset::allocate(int64_t samples, at::ScalarType /*dtype*/, bool pinned) const {
  const auto options = at::TensorOptions().dtype(at::kLong).pinned_memory(pinned);
  Batch batch;
  for (const char* name : {"source", "source_starts"})
    batch.inputs[name] = at::empty({samples, options_.source_length}, options);
  batch.inputs["tokens"] = at::empty({samples, options_.length}, options);
  batch.target = at::empty({samples, options_.length}, options);
  return batch;
}

void PairDataset::load(int64_t index, uint64_t /*key*/, Batch& batch, int64_t row) const {
  const auto number =
      static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), index) - starts_.begin() - 1);
  const TokenSequence& text = texts_[number];
  const int64_t document = first_documents_[number] + index - starts_[number];
  const int64_t begin = text.document_start(document), end = text.document_start(document + 1);
  int64_t middle = begin;
  while (middle < end && !text.is_target(middle)) ++middle;

  const auto row_of = [&](const at::Tensor& tensor) {
    return tensor.mutable_data_ptr<int64_t>() + row * tensor.size(1);
  };
  int64_t* source = row_of(batch.inputs.at("source"));
  int64_t* source_starts = row_of(batch.inputs.at("source_starts"));
  const int64_t read = std::min(middle - begin, options_.source_length);
  read_tokens(text, begin, read, options_.vocabulary, source);
  std::fill(source + read, source + options_.source_length, 0);
  std::fill(source_starts, source_starts + read, 0);
  std::iota(source_starts + read, source_starts + options_.source_length, read);

  int64_t* tokens = row_of(batch.inputs.at("tokens"));
  int64_t* target = row_of(batch.target);
  const int64_t written = std::min(end - middle, options_.length);
  read_tokens(text, middle, written, options_.vocabulary, target);
  tokens[0] = options_.start_id;
  std::copy(target, target + std::max<int64_t>(written - 1, 0), tokens + 1);
  std::fill(tokens + std::max<int64_t>(written, 1), tokens + options_.length, 0);
  for (int64_t i = 0; i < written; ++i) {
    if (!text.is_target(middle + i)) target[i] = kIgnoredTarget;
  }
  std::fill(target + written, target + options_.length, kIgnoredTarget);
}

}  // namespace echelon::data
