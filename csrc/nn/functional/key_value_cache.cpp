#include "nn/functional/key_value_cache.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/error.h"
#include "common/format.h"
#include "nn/functional/kernels/attend.h"
#include "nn/functional/key_value_ops.h"
#include "nn/functional/parallel.h"
#include "nn/functional/types.h"

namespace echelon::nn {

KeyValueCache::KeyValueCache(const Shape& shape, const at::TensorOptions& options) : shape_(shape) {
  for (at::Tensor* tensor : {&keys_, &values_})
    *tensor = at::empty({shape.sequences, shape.heads, shape.capacity, shape.width / shape.heads}, options);
}

void KeyValueCache::store(const at::Tensor& key_value, std::span<const int64_t> sequences,
                          std::span<const int64_t> first) {
  const int64_t time = key_value.size(1), size = shape_.width / shape_.heads;
  if (std::ranges::max(first) + time > shape_.capacity)
    throw InternalError(
        str_format("token {} of a sequence of at most {}", std::ranges::max(first) + time, shape_.capacity));
  if (!keys_.is_cpu()) return store_key_value(keys_, values_, key_value, sequences, first);
  const at::Tensor from = key_value.stride(2) == 1 ? key_value : key_value.contiguous();
  with_types(from.scalar_type(), [&]<class W, class T>(W*, T*) {
    parallel_for(from.size(0) * shape_.heads, 1, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        const int64_t row = unit / shape_.heads, head = unit % shape_.heads;
        const auto i = static_cast<size_t>(row);
        const int64_t place = ((sequences[i] * shape_.heads + head) * shape_.capacity + first[i]) * size;
        const T* token = data<T>(from) + row * from.stride(0) + head * size;
        for (int64_t t = 0; t < time; ++t, token += from.stride(1)) {
          std::copy_n(token, size, data<T>(keys_) + place + t * size);
          std::copy_n(token + shape_.width, size, data<T>(values_) + place + t * size);
        }
      }
    });
  });
}

at::Tensor KeyValueCache::attend(const at::Tensor& query, std::span<const int64_t> sequences,
                                 std::span<const int64_t> counts) const {
  if (!keys_.is_cpu()) return attend_key_value(keys_, values_, query, sequences, counts);
  const at::Tensor from = query.stride(1) == 1 ? query : query.contiguous();
  const at::Tensor out = at::empty(from.sizes(), from.options());
  const int64_t size = shape_.width / shape_.heads, most = std::ranges::max(counts);
  with_types(from.scalar_type(), [&]<class W, class T>(W*, T*) {
    const W scale = 1 / std::sqrt(static_cast<W>(size));
    parallel_for(from.size(0) * shape_.heads, 1, [&](int64_t begin, int64_t end) {
      std::vector<W> work(static_cast<size_t>(most + size));
      for (int64_t unit = begin; unit < end; ++unit) {
        const int64_t row = unit / shape_.heads, head = unit % shape_.heads;
        const auto i = static_cast<size_t>(row);
        const int64_t place = (sequences[i] * shape_.heads + head) * shape_.capacity * size;
        kernels::attend(data<T>(from) + row * from.stride(0) + head * size, data<T>(keys_) + place,
                        data<T>(values_) + place, counts[i], size, scale, work.data(),
                        data<T>(out) + row * shape_.width + head * size);
      }
    });
  });
  return out;
}

}  // namespace echelon::nn
