#include "nn/functional/attention_head.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "nn/functional/kernels/convert.h"
#include "nn/functional/kernels/pack.h"
#include "nn/functional/kernels/softmax.h"

namespace echelon::nn {
namespace {

constexpr int64_t kKeysAtOnce = 512;

/// Small blocks compute less of what is masked, large ones are the faster products.
int64_t queries_at_once(int64_t time) {
  return std::clamp<int64_t>(time, 1, time <= 512 ? 64 : 128);
}

int64_t even_at_most(int64_t count) {
  return count / 2 * 2;
}

/// Where products add up `rows` rows that become those of `to`: there, or in `buffer` if `to` is narrower.
template <class T>
HeadRows<float> sums_of(HeadRows<T> to, int64_t rows, int64_t columns, std::vector<float>& buffer) {
  if constexpr (std::is_same_v<T, float>) {
    return to;
  } else {
    buffer.resize(rows * columns);
    return {buffer.data(), columns};
  }
}

/// What sums_of() has collected, into `to`.
template <class T>
void store(HeadRows<float> sums, int64_t rows, int64_t columns, HeadRows<T> to) {
  if constexpr (!std::is_same_v<T, float>) {
    for (int64_t row = 0; row < rows; ++row) kernels::narrow(sums.row(row), to.row(row), columns);
  }
}

}  // namespace

template <class T>
HeadAttention<T>::HeadAttention(const HeadShape& shape)
    : shape_(shape),
      queries_at_once_(queries_at_once(shape.time)),
      scale_(1 / std::sqrt(static_cast<float>(shape.size))) {}

template <class T>
void HeadAttention<T>::find_visible(const int64_t* document_starts) {
  const auto [time, size, causal] = shape_;
  begin_.resize(time);
  end_.resize(time);
  int64_t document_end = time;
  for (int64_t q = time - 1; q >= 0; --q) {
    begin_[q] = document_starts == nullptr ? 0 : std::clamp<int64_t>(document_starts[q], 0, q);
    end_[q] = causal ? q + 1 : document_end;
    if (begin_[q] == q) document_end = q;
  }
}

template <class T>
void HeadAttention<T>::forward(const Inputs& inputs, HeadRows<T> out, float* log_normalisers) {
  const int64_t time = shape_.time, size = shape_.size;
  find_visible(inputs.document_starts);
  scores_.resize(queries_at_once_ * time);
  probabilities_.resize(queries_at_once_ * round_up_to_even(time));
  const auto key_DT = products_.transposed_right(inputs.key.data, inputs.key.stride, time, size, key_DT_);
  const auto value_TD = products_.right(inputs.value.data, inputs.value.stride, time, size, value_TD_);

  for (int64_t first = 0; first < time; first += queries_at_once_) {
    const int64_t queries = std::min(queries_at_once_, time - first);
    const int64_t first_key = even_at_most(begin_[first]), keys = end_[first + queries - 1] - first_key,
                  padded = round_up_to_even(keys);
    products_.multiply(queries, keys, size, inputs.query.row(first), inputs.query.stride,
                       products_.from_column(key_DT, first_key), scores_.data(), keys, /*add=*/false);
    for (int64_t q = 0; q < queries; ++q) {
      const int64_t hidden = begin_[first + q] - first_key;
      T* probabilities = probabilities_.data() + q * padded;
      std::fill_n(probabilities, hidden, T{});
      log_normalisers[first + q] =
          kernels::softmax_row(scores_.data() + q * keys + hidden, probabilities + hidden,
                               end_[first + q] - begin_[first + q], padded - hidden, scale_);
    }
    const HeadRows<T> block_out = out.from(first);
    const HeadRows<float> sums = sums_of(block_out, queries, size, query_sums_);
    products_.multiply(queries, size, keys, probabilities_.data(), padded,
                       products_.from_row(value_TD, first_key), sums.data, sums.stride, /*add=*/false);
    store(sums, queries, size, block_out);
  }
}

template <class T>
void HeadAttention<T>::backward(const Inputs& inputs, HeadRows<const T> out, const float* log_normalisers,
                                HeadRows<const T> out_gradient, const Gradients& gradients) {
  const int64_t time = shape_.time, size = shape_.size;
  find_visible(inputs.document_starts);
  const int64_t block = queries_at_once_, key_block = std::min(kKeysAtOnce, time);
  for (auto* buffer : {&scores_, &probability_gradient_}) buffer->resize(key_block * block);
  for (auto* buffer : {&probabilities_, &score_gradient_})
    buffer->resize(key_block * round_up_to_even(block));
  query_gradient_DQ_.resize(size * block);
  mean_gradient_Q_.resize(block);
  key_DT_.assign(size * round_up_to_even(time), T{});
  kernels::transpose(inputs.key.data, inputs.key.stride, time, size, key_DT_.data(), round_up_to_even(time));
  const HeadRows<float> key_sums = sums_of(gradients.key, time, size, key_sums_),
                        value_sums = sums_of(gradients.value, time, size, value_sums_);

  // The last queries first: so the keys whose sums are begun are those from one on.
  int64_t begun = time;
  for (int64_t first = (time - 1) / block * block; first >= 0; first -= block) {
    const QueryBlock queries = prepare(inputs, out, out_gradient, first);
    const int64_t begin = even_at_most(begin_[first]), end = end_[first + queries.count - 1];
    for (int64_t first_key = begin, keys = 0; first_key < end; first_key += keys) {
      const bool add = first_key >= begun;
      keys = std::min(kKeysAtOnce, (add ? end : std::min(end, begun)) - first_key);
      backward_block(inputs, queries, log_normalisers, first_key, keys, /*add=*/first_key > begin);
      products_.multiply(keys, size, queries.count, probabilities_.data(), queries.padded,
                         queries.gradient_QD, value_sums.row(first_key), value_sums.stride, add);
      products_.multiply(keys, size, queries.count, score_gradient_.data(), queries.padded, queries.query_QD,
                         key_sums.row(first_key), key_sums.stride, add);
    }
    begun = std::min(begun, begin);
    const HeadRows<T> query_gradient = gradients.query.from(first);
    const HeadRows<float> query_sums = sums_of(query_gradient, queries.count, size, query_sums_);
    kernels::transpose(query_gradient_DQ_.data(), queries.count, size, queries.count, query_sums.data,
                       query_sums.stride);
    store(query_sums, queries.count, size, query_gradient);
  }
  store(key_sums, time, size, gradients.key);
  store(value_sums, time, size, gradients.value);
}

template <class T>
auto HeadAttention<T>::prepare(const Inputs& inputs, HeadRows<const T> out, HeadRows<const T> out_gradient,
                               int64_t first) -> QueryBlock {
  const int64_t count = std::min(queries_at_once_, shape_.time - first), size = shape_.size;
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
                                      const float* log_normalisers, int64_t first_key, int64_t keys,
                                      bool add) {
  const int64_t size = shape_.size;
  products_.multiply(keys, block.count, size, inputs.key.row(first_key), inputs.key.stride, block.query_DQ,
                     scores_.data(), block.count, /*add=*/false);
  products_.multiply(keys, block.count, size, inputs.value.row(first_key), inputs.value.stride,
                     block.gradient_DQ, probability_gradient_.data(), block.count, /*add=*/false);
  const int64_t *begin = begin_.data() + block.first, *end = end_.data() + block.first;
  int64_t blind = 0, seeing = 0;  // queries [blind, seeing) see the key; both rise with it
  for (int64_t k = 0; k < keys; ++k) {
    while (blind < block.count && end[blind] <= first_key + k) ++blind;
    while (seeing < block.count && begin[seeing] <= first_key + k) ++seeing;
    kernels::softmax_key_backward(scores_.data() + k * block.count, log_normalisers + block.first,
                                  probability_gradient_.data() + k * block.count, mean_gradient_Q_.data(),
                                  probabilities_.data() + k * block.padded,
                                  score_gradient_.data() + k * block.padded, std::min(blind, seeing), seeing,
                                  block.padded, scale_);
  }
  const auto score_gradient_KQ =
      products_.right(score_gradient_.data(), block.padded, keys, block.count, packed_[4]);
  products_.multiply(size, block.count, keys, key_DT_.data() + first_key, round_up_to_even(shape_.time),
                     score_gradient_KQ, query_gradient_DQ_.data(), block.count, add);
}

template class HeadAttention<float>;
template class HeadAttention<kernels::Bf16>;

}  // namespace echelon::nn
