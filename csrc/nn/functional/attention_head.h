// Attention of one head of one sample, forward and backward, in blocks of queries.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/functional/block_products.h"

namespace echelon::nn {

/// Rows [time] of the head's size, `stride` numbers apart.
template <class T>
struct HeadRows {
  T* data;
  int64_t stride;

  T* row(int64_t index) const { return data + index * stride; }
  HeadRows from(int64_t index) const { return {row(index), stride}; }
};

struct HeadShape {
  int64_t time;
  int64_t size;  ///< even
  bool causal;
};

/// Holds the memory it works in: make one a thread and use it for many heads. T: float or kernels::Bf16.
template <class T>
class HeadAttention {
 public:
  explicit HeadAttention(const HeadShape& shape);

  struct Inputs {
    HeadRows<const T> query, key, value;
    /// [time], for each position where its document begins, rising; a position sees only its own document.
    /// Null: all is one.
    const int64_t* document_starts;
  };
  /// out = softmax(Q Kᵀ / √size) V. log_normalisers: [time], for the backward pass.
  void forward(const Inputs& inputs, HeadRows<T> out, float* log_normalisers);

  struct Gradients {
    HeadRows<T> query, key, value;
  };
  /// From the gradient of `out`. Scores are computed again, transposed: so every product takes its left
  /// factor as it lies.
  void backward(const Inputs& inputs, HeadRows<const T> out, const float* log_normalisers,
                HeadRows<const T> out_gradient, const Gradients& gradients);

 private:
  // Suffixes: T time, D size of the head, Q queries of a block, K keys of a block.
  struct QueryBlock {
    int64_t first, count, padded;
    BlockFactor<T> query_DQ, gradient_DQ, query_QD, gradient_QD;
  };
  /// Fills begin_ and end_.
  void find_visible(const int64_t* document_starts);
  QueryBlock prepare(const Inputs& inputs, HeadRows<const T> out, HeadRows<const T> out_gradient,
                     int64_t first);
  /// Leaves probabilities and score gradients of the block, [K, Q], and puts what follows for the queries
  /// into query_gradient_DQ_, or adds it.
  void backward_block(const Inputs& inputs, const QueryBlock& block, const float* log_normalisers,
                      int64_t first_key, int64_t keys, bool add);

  HeadShape shape_;
  int64_t queries_at_once_;
  float scale_;
  std::vector<int64_t> begin_, end_;  ///< of the keys that each query sees; neither falls
  BlockProducts<T> products_;
  std::vector<T> key_DT_, value_TD_, probabilities_, score_gradient_, packed_[5];
  std::vector<float> scores_, probability_gradient_, mean_gradient_Q_, query_gradient_DQ_;
  std::vector<float> query_sums_, key_sums_, value_sums_;  // unused where T is float
};

}  // namespace echelon::nn
