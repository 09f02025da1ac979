#include "nn/decoding.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "nn/functional/attention.h"

namespace echelon::nn {

void DecodingState::set_rows(std::vector<int64_t> rows, std::vector<int64_t> lengths) {
  rows_ = std::move(rows);
  lengths_ = std::move(lengths);
}

at::Tensor DecodingState::positions(int64_t time) const {
  const at::Tensor first = at::tensor(lengths_, at::kLong).unsqueeze(1);
  return first + at::arange(time, at::kLong);
}

at::Tensor DecodingState::attend(const Layer& layer, const at::Tensor& qkv, int64_t heads) {
  const int64_t width = qkv.size(2) / 3, time = qkv.size(1);
  const auto found = layers_.find(&layer);
  KeyValueCache& cache =
      found != layers_.end()
          ? found->second.cache
          : layers_.emplace(&layer, OfLayer{{{sequences_, capacity_, width, heads}, qkv.scalar_type()}, {}})
                .first->second.cache;
  cache.store(qkv.narrow(2, width, 2 * width), rows_, lengths_);
  if (time == 1) {
    std::vector<int64_t> counts = lengths_;
    for (int64_t& count : counts) ++count;
    return cache.attend(qkv.select(1, 0).narrow(1, 0, width), rows_, counts).unsqueeze(1);
  }
  if (std::ranges::any_of(lengths_, [](int64_t length) { return length > 0; }))
    throw InternalError(str_format("{} tokens at once of sequences that have begun", time));
  return attention(qkv, heads, /*causal=*/true);  // which comes after a token, it does not see
}

DecodingState::OfLayer& DecodingState::read_source(const Layer& layer, int64_t heads, const Source& source) {
  const at::Tensor key_value = source.key_value();
  OfLayer of_layer{{{sequences_, key_value.size(1), key_value.size(2) / 2, heads}, key_value.scalar_type()},
                   {}};
  std::vector<int64_t> all(static_cast<size_t>(sequences_));
  std::iota(all.begin(), all.end(), 0);
  if (rows_ != all) throw InternalError("a source is read for some sequences only");
  of_layer.cache.store(key_value, all, std::vector<int64_t>(all.size(), 0));
  const at::Tensor lengths = source.starts.eq(0).sum(1);
  of_layer.source_lengths.assign(lengths.const_data_ptr<int64_t>(),
                                 lengths.const_data_ptr<int64_t>() + sequences_);
  return layers_.emplace(&layer, std::move(of_layer)).first->second;
}

at::Tensor DecodingState::attend(const Layer& layer, const at::Tensor& query, int64_t heads,
                                 const Source& source) {
  const auto found = layers_.find(&layer);
  const OfLayer& of_layer = found != layers_.end() ? found->second : read_source(layer, heads, source);
  std::vector<int64_t> counts;
  for (const int64_t row : rows_) counts.push_back(of_layer.source_lengths[static_cast<size_t>(row)]);
  return of_layer.cache.attend(query.select(1, 0), rows_, counts).unsqueeze(1);
}

}  // namespace echelon::nn
