#include "nn/functional/attention_head.h"

#include <algorithm>
#include <cmath>

#include "nn/functional/kernels/convert.h"
#include "nn/functional/kernels/pack.h"
#include "nn/functional/kernels/softmax.h"

namespace echelon::nn {
namespace {

constexpr int64_t kQueriesAtOnce = 128;
constexpr int64_t kKeysAtOnce = 512;

template <class T>
void store_rows(const std::vector<float>& from, int64_t columns, HeadRows<T> to, int64_t first,
                int64_t rows) {
  for (int64_t row = 0; row < rows; ++row)
    kernels::store_row(from.data() + row * columns, to.row(first + row), columns);
}

}  // namespace

template <class T>
HeadAttention<T>::HeadAttention(const HeadShape& shape)
    : shape_(shape), scale_(1 / std::sqrt(static_cast<float>(shape.size))) {}

template <class T>
void HeadAttention<T>::forward(const Inputs& inputs, HeadRows<T> out, float* log_normalisers) {
  const auto [time, size, causal] = shape_;
  const int64_t block = std::min(kQueriesAtOnce, time);
  scores_.resize(block * time);
  probabilities_.resize(block * round_up_to_even(time));
  result_.resize(block * size);
  const auto key_DT = products_.transposed_right(inputs.key.data, inputs.key.stride, time, size, key_DT_);
  const auto value_TD = products_.right(inputs.value.data, inputs.value.stride, time, size, value_TD_);

  for (int64_t first = 0; first < time; first += kQueriesAtOnce) {
    const int64_t queries = std::min(kQueriesAtOnce, time - first);
    const int64_t keys = causal ? first + queries : time, padded = round_up_to_even(keys);
    products_.multiply(queries, keys, size, inputs.query.row(first), inputs.query.stride, key_DT,
                       scores_.data(), keys,
                       /*add=*/false);
    for (int64_t q = 0; q < queries; ++q) {
      log_normalisers[first + q] =
          kernels::softmax_row(scores_.data() + q * keys, probabilities_.data() + q * padded,
                               causal ? first + q + 1 : time, padded, scale_);
    }
    products_.multiply(queries, size, keys, probabilities_.data(), padded, value_TD, result_.data(), size,
                       /*add=*/false);
    store_rows(result_, size, out, first, queries);
  }
}

template <class T>
void HeadAttention<T>::backward(const Inputs& inputs, HeadRows<const T> out, const float* log_normalisers,
                                HeadRows<const T> out_gradient, const Gradients& gradients) {
  const auto [time, size, causal] = shape_;
  const int64_t block = std::min(kQueriesAtOnce, time), key_block = std::min(kKeysAtOnce, time);
  for (auto* buffer : {&scores_, &probability_gradient_}) buffer->resize(key_block * block);
  for (auto* buffer : {&probabilities_, &score_gradient_})
    buffer->resize(key_block * round_up_to_even(block));
  for (auto* buffer : {&result_, &result_transposed_}) buffer->resize(size * block);
  mean_gradient_Q_.resize(block);
  key_gradient_TD_.assign(time * size, 0);
  value_gradient_TD_.assign(time * size, 0);
  key_DT_.assign(size * round_up_to_even(time), T{});
  kernels::transpose(inputs.key.data, inputs.key.stride, time, size, key_DT_.data(), round_up_to_even(time));

  for (int64_t first = 0; first < time; first += kQueriesAtOnce) {
    const QueryBlock block = prepare(inputs, out, out_gradient, first);
    const int64_t visible = causal ? first + block.count : time;
    for (int64_t first_key = 0; first_key < visible; first_key += kKeysAtOnce) {
      backward_block(inputs, block, log_normalisers, first_key, std::min(kKeysAtOnce, visible - first_key));
    }
    kernels::transpose(result_.data(), block.count, size, block.count, result_transposed_.data(), size);
    store_rows(result_transposed_, size, gradients.query, first, block.count);
  }
  store_rows(key_gradient_TD_, size, gradients.key, 0, time);
  store_rows(value_gradient_TD_, size, gradients.value, 0, time);
}

template <class T>
auto HeadAttention<T>::prepare(const Inputs& inputs, HeadRows<const T> out, HeadRows<const T> out_gradient,
                               int64_t first) -> QueryBlock {
  const int64_t count = std::min(kQueriesAtOnce, shape_.time - first), size = shape_.size;
  const T *query = inputs.query.row(first), *gradient = out_gradient.row(first);
  const int64_t query_stride = inputs.query.stride, gradient_stride = out_gradient.stride;
  for (int64_t q = 0; q < count; ++q) {  // Σ p·dp of a query is its out·out_gradient
    mean_gradient_Q_[q] = kernels::dot(out_gradient.row(first + q), out.row(first + q), size);
  }
  return {first,
          count,
          round_up_to_even(count),
          products_.transposed_right(query, query_stride, count, size, packed_[0]),
          products_.transposed_right(gradient, gradient_stride, count, size, packed_[1]),
          products_.right(query, query_stride, count, size, packed_[2]),
          products_.right(gradient, gradient_stride, count, size, packed_[3])};
}

template <class T>
void HeadAttention<T>::backward_block(const Inputs& inputs, const QueryBlock& block,
                                      const float* log_normalisers, int64_t first_key, int64_t keys) {
  const int64_t size = shape_.size;
  products_.multiply(keys, block.count, size, inputs.key.row(first_key), inputs.key.stride, block.query_DQ,
                     scores_.data(), block.count, /*add=*/false);
  products_.multiply(keys, block.count, size, inputs.value.row(first_key), inputs.value.stride,
                     block.gradient_DQ, probability_gradient_.data(), block.count, /*add=*/false);
  for (int64_t k = 0; k < keys; ++k) {
    const int64_t first_that_sees = shape_.causal ? std::max<int64_t>(0, first_key + k - block.first) : 0;
    kernels::softmax_key_backward(scores_.data() + k * block.count, log_normalisers + block.first,
                                  probability_gradient_.data() + k * block.count, mean_gradient_Q_.data(),
                                  probabilities_.data() + k * block.padded,
                                  score_gradient_.data() + k * block.padded, first_that_sees, block.count,
                                  block.padded, scale_);
  }
  products_.multiply(keys, size, block.count, probabilities_.data(), block.padded, block.gradient_QD,
                     value_gradient_TD_.data() + first_key * size, size, /*add=*/true);
  products_.multiply(keys, size, block.count, score_gradient_.data(), block.padded, block.query_QD,
                     key_gradient_TD_.data() + first_key * size, size, /*add=*/true);
  const auto score_gradient_KQ =
      products_.right(score_gradient_.data(), block.padded, keys, block.count, packed_[4]);
  products_.multiply(size, block.count, keys, key_DT_.data() + first_key, round_up_to_even(shape_.time),
                     score_gradient_KQ, result_.data(), block.count, /*add=*/first_key > 0);
}

template class HeadAttention<float>;
template class HeadAttention<kernels::Bf16>;

}  // namespace echelon::nn
