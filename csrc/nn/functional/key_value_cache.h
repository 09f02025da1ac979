// Keys and values of sequences that grow, and attention of one token more to those before it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace echelon::nn {

/// Of one attention layer. Used by one thread.
class KeyValueCache {
 public:
  struct Shape {
    int64_t sequences;
    int64_t capacity;  ///< tokens of each
    int64_t width;
    int64_t heads;
  };
  /// `options`: of keys and values: the device, and on the CPU float64, float32 or bfloat16.
  KeyValueCache(const Shape& shape, const at::TensorOptions& options);

  /// Row i of key_value [batch, time, 2·width], keys then values, each [head, size] within, becomes the
  /// tokens [first[i], first[i] + time) of sequence sequences[i]. Throws InternalError where
  /// they are beyond the capacity.
  void store(const at::Tensor& key_value, std::span<const int64_t> sequences, std::span<const int64_t> first);

  /// query [batch, width] → softmax(Q Kᵀ / √size) V, the same, where row i sees the first counts[i] tokens of
  /// sequence sequences[i]: at least one. Nothing that the row does not see changes its result.
  at::Tensor attend(const at::Tensor& query, std::span<const int64_t> sequences,
                    std::span<const int64_t> counts) const;

 private:
  Shape shape_;
  at::Tensor keys_, values_;  ///< [sequence, head, capacity, size]
};

}  // namespace echelon::nn
