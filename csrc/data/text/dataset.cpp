#include "data/text/dataset.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

int64_t part(double fraction, int64_t tokens) {
  return std::clamp<int64_t>(std::llround(fraction * static_cast<double>(tokens)), 0, tokens);
}

}  // namespace

TextDataset::TextDataset(std::vector<TokenSequence> texts, TextRange range, int64_t sequence_length,
                         int64_t limit, int64_t left_out)
    : texts_(std::move(texts)), sequence_length_(sequence_length), limit_(limit), left_out_(left_out) {
  int64_t samples = 0, longest = 0;
  for (const TokenSequence& text : texts_) {
    const int64_t begin = part(range.begin, text.size()), end = part(range.end, text.size());
    starts_.push_back(begin);
    longest = std::max(longest, end - begin);
    samples += std::max<int64_t>(0, end - begin - 1) / sequence_length;
    ends_.push_back(samples);
  }
  if (samples == 0) {
    throw DataError(str_format(
        "no text is long enough for one sample: {} tokens and one more are needed, the longest has {}; lower "
        "sequence_length or add text",
        sequence_length, longest));
  }
}

std::vector<int64_t> TextDataset::blocks() const {
  std::vector<int64_t> starts{0};
  starts.insert(starts.end(), ends_.begin(), ends_.end() - 1);
  return starts;
}

Batch TextDataset::allocate(int64_t samples, at::ScalarType /*dtype*/, bool pinned) const {
  const auto options = at::TensorOptions().dtype(at::kLong).pinned_memory(pinned);
  Batch batch;
  batch.inputs["tokens"] = at::empty({samples, sequence_length_}, options);
  batch.target = at::empty({samples, sequence_length_}, options);
  return batch;
}

void TextDataset::load(int64_t index, uint64_t /*key*/, Batch& batch, int64_t row) const {
  const auto text = std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin();
  const int64_t within = index - (text == 0 ? 0 : ends_[text - 1]);
  const int64_t first = starts_[text] + within * sequence_length_;
  auto* tokens = batch.inputs.at("tokens").mutable_data_ptr<int64_t>() + row * sequence_length_;
  auto* target = batch.target.mutable_data_ptr<int64_t>() + row * sequence_length_;
  texts_[text].read(first, sequence_length_, limit_, tokens);
  std::memcpy(target, tokens + 1, static_cast<size_t>(sequence_length_ - 1) * sizeof(int64_t));
  texts_[text].read(first + sequence_length_, 1, limit_, target + sequence_length_ - 1);
}

}  // namespace echelon::data
