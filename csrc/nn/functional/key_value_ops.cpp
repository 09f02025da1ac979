#include "nn/functional/key_value_ops.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace echelon::nn {
namespace {

/// int64 [values, 1].
at::Tensor column(std::span<const int64_t> values, at::Device device) {
  const auto count = static_cast<int64_t>(values.size());
  const at::Tensor on_host = at::empty({count, 1}, at::kLong);
  std::ranges::copy(values, on_host.mutable_data_ptr<int64_t>());
  return on_host.to(device);
}

}  // namespace

void store_key_value(const at::Tensor& keys, const at::Tensor& values, const at::Tensor& key_value,
                     std::span<const int64_t> sequences, std::span<const int64_t> first) {
  const at::Device device = keys.device();
  const int64_t time = key_value.size(1);
  const at::Tensor rows = column(sequences, device);
  const at::Tensor places = column(first, device) + at::arange(time, keys.options().dtype(at::kLong));
  const at::Tensor halves = key_value.view({key_value.size(0), time, 2, keys.size(1), keys.size(3)});
  for (const auto& [to, half] : {std::pair{keys, 0}, {values, 1}})
    to.transpose(1, 2).index_put_({rows, places}, halves.select(2, half));
}

at::Tensor attend_key_value(const at::Tensor& keys, const at::Tensor& values, const at::Tensor& query,
                            std::span<const int64_t> sequences, std::span<const int64_t> counts) {
  const at::Device device = keys.device();
  const int64_t batch = query.size(0), most = std::ranges::max(counts);
  const at::Tensor rows = column(sequences, device).squeeze(1);
  const at::Tensor unseen =
      at::arange(most, keys.options().dtype(at::kLong)).ge(column(counts, device)).view({batch, 1, most, 1});
  // Zeros, as what nobody has written there may be no number, and 0 · NaN is none either.
  const auto seen = [&](const at::Tensor& all) {
    return all.narrow(2, 0, most).index_select(0, rows).masked_fill_(unseen, 0);
  };
  const at::Tensor of_heads = query.view({batch, keys.size(1), 1, keys.size(3)});
  const at::Tensor mask = unseen.view({batch, 1, 1, most}).logical_not();
  return at::scaled_dot_product_attention(of_heads, seen(keys), seen(values), mask).view({batch, -1});
}

}  // namespace echelon::nn
