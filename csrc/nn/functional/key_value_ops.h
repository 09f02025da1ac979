// What KeyValueCache does on devices other than the CPU: the same in LibTorch's operations.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace echelon::nn {

/// KeyValueCache::store() into keys and values [sequence, head, capacity, size].
void store_key_value(const at::Tensor& keys, const at::Tensor& values, const at::Tensor& key_value,
                     std::span<const int64_t> sequences, std::span<const int64_t> first);

/// KeyValueCache::attend() to keys and values [sequence, head, capacity, size].
at::Tensor attend_key_value(const at::Tensor& keys, const at::Tensor& values, const at::Tensor& query,
                            std::span<const int64_t> sequences, std::span<const int64_t> counts);

}  // namespace echelon::nn
