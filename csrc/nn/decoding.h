// Sequences that grow token by token: what the layers of a model keep of the tokens that have run.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "nn/functional/key_value_cache.h"

namespace echelon::nn {

class Layer;

/// Where Context::decoding is set, a causal model runs only tokens that are new, and layers find here what
/// the earlier ones left. A call runs some of the sequences, in any order, so that those that have ended take
/// no more time: one token of each, or the first ones of sequences that begin, with padding behind those that
/// are shorter. A sequence that begins takes the place of what ran there before. Outside training and without
/// gradients; the sequences of several threads need states of their own.
class DecodingState {
 public:
  struct Shape {
    int64_t sequences;
    int64_t capacity;             ///< tokens of each
    int64_t source_capacity = 0;  ///< tokens of what each reads by cross-attention, padding included
  };
  explicit DecodingState(const Shape& shape) : shape_(shape) {}

  /// What the next call of the model runs: row i of its inputs is sequence rows[i], of which lengths[i]
  /// tokens have run before. Throws InternalError where some begin and others do not.
  void set_rows(std::vector<int64_t> rows, std::vector<int64_t> lengths);

  // For layers.

  /// Of each token among those of its sequence, int64 [batch, time], on `device`.
  at::Tensor positions(int64_t time, at::Device device) const;

  /// Causal self-attention (nn/functional/attention.h): qkv [batch, time, 3·width] → [batch, time, width].
  at::Tensor attend(const Layer& layer, const at::Tensor& qkv, int64_t heads);

  /// What cross-attention reads: the same in every call of a sequence, and read in that which begins it.
  struct Source {
    std::function<at::Tensor()> key_value;  ///< as nn/functional/cross_attention.h says
    const at::Tensor& starts;               ///< likewise; padding comes last
  };
  /// query [batch, 1, width] → the same.
  at::Tensor attend(const Layer& layer, const at::Tensor& query, int64_t heads, const Source& source);

 private:
  struct OfLayer {
    KeyValueCache cache;
    std::vector<int64_t> source_lengths;  ///< of each sequence, for cross-attention
  };
  /// Made at its first use, like `key_value` [batch, time, 2·width].
  OfLayer& of(const Layer& layer, const at::Tensor& key_value, int64_t heads, int64_t capacity);
  OfLayer& read_source(const Layer& layer, int64_t heads, const Source& source);

  Shape shape_;
  std::vector<int64_t> rows_, lengths_;
  bool begins_ = false;
  std::map<const Layer*, OfLayer> layers_;
};

}  // namespace echelon::nn
