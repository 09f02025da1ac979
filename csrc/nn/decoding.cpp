#include "nn/decoding.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "nn/functional/attention.h"

namespace echelon::nn {

void DecodingState::set_rows(std::vector<int64_t> rows, std::vector<int64_t> lengths) {
  const auto begun = std::ranges::count_if(lengths, [](int64_t length) { return length > 0; });
  if (begun != 0 && begun != std::ssize(lengths))
    throw InternalError(
        str_format("{} of {} sequences begin, and not all", std::ssize(lengths) - begun, lengths.size()));
  rows_ = std::move(rows);
  lengths_ = std::move(lengths);
  begins_ = begun == 0;
}

at::Tensor DecodingState::positions(int64_t time, at::Device device) const {
  const at::Tensor first = at::tensor(lengths_, at::kLong).to(device).unsqueeze(1);
  return first + at::arange(time, first.options());
}

DecodingState::OfLayer& DecodingState::of(const Layer& layer, const at::Tensor& key_value, int64_t heads,
                                          int64_t capacity) {
  const auto found = layers_.find(&layer);
  if (found != layers_.end()) return found->second;
  const KeyValueCache::Shape shape{shape_.sequences, capacity, key_value.size(2) / 2, heads};
  OfLayer made{.cache = {shape, at::TensorOptions(key_value.device()).dtype(key_value.scalar_type())},
               .source_lengths = std::vector<int64_t>(static_cast<size_t>(shape_.sequences), 0)};
  return layers_.emplace(&layer, std::move(made)).first->second;
}

at::Tensor DecodingState::attend(const Layer& layer, const at::Tensor& qkv, int64_t heads) {
  const int64_t width = qkv.size(2) / 3, time = qkv.size(1);
  if (time > 1 && !begins_)
    throw InternalError(str_format("{} tokens at once of sequences that have begun", time));
  const at::Tensor key_value = qkv.narrow(2, width, 2 * width);
  KeyValueCache& cache = of(layer, key_value, heads, shape_.capacity).cache;
  cache.store(key_value, rows_, lengths_);
  if (time > 1) return attention(qkv, heads, /*causal=*/true);  // which comes after a token, it does not see
  std::vector<int64_t> counts = lengths_;
  for (int64_t& count : counts) ++count;
  return cache.attend(qkv.select(1, 0).narrow(1, 0, width), rows_, counts).unsqueeze(1);
}

DecodingState::OfLayer& DecodingState::read_source(const Layer& layer, int64_t heads, const Source& source) {
  const at::Tensor key_value = source.key_value();
  OfLayer& of_layer = of(layer, key_value, heads, shape_.source_capacity);
  of_layer.cache.store(key_value, rows_, std::vector<int64_t>(rows_.size(), 0));
  const at::Tensor lengths = source.starts.eq(0).sum(1).cpu();
  for (size_t i = 0; i < rows_.size(); ++i)
    of_layer.source_lengths[static_cast<size_t>(rows_[i])] = lengths.const_data_ptr<int64_t>()[i];
  return of_layer;
}

at::Tensor DecodingState::attend(const Layer& layer, const at::Tensor& query, int64_t heads,
                                 const Source& source) {
  const OfLayer& of_layer = begins_ ? read_source(layer, heads, source) : layers_.at(&layer);
  std::vector<int64_t> counts;
  for (const int64_t row : rows_) counts.push_back(of_layer.source_lengths[static_cast<size_t>(row)]);
  return of_layer.cache.attend(query.select(1, 0), rows_, counts).unsqueeze(1);
}

}  // namespace echelon::nn
