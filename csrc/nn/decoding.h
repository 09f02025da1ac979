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
/// no more time; it runs one token of each, or the first ones of sequences of which none has run, with
/// padding behind those that are shorter. Outside training and without gradients; the sequences of several
/// threads need states of their own.
class DecodingState {
 public:
  /// Of sequences [0, sequences) of at most `capacity` tokens.
  DecodingState(int64_t sequences, int64_t capacity) : sequences_(sequences), capacity_(capacity) {}

  /// What the next call of the model runs: row i of its inputs is sequence rows[i], of which lengths[i]
  /// tokens have run before.
  void set_rows(std::vector<int64_t> rows, std::vector<int64_t> lengths);

  // For layers.

  /// Of each token among those of its sequence, int64 [batch, time].
  at::Tensor positions(int64_t time) const;

  /// Causal self-attention (nn/functional/attention.h): qkv [batch, time, 3·width] → [batch, time, width].
  at::Tensor attend(const Layer& layer, const at::Tensor& qkv, int64_t heads);

  /// What cross-attention reads: the same in every call.
  struct Source {
    std::function<at::Tensor()> key_value;  ///< as nn/functional/cross_attention.h says; called once
    const at::Tensor& starts;               ///< likewise; padding comes last
  };
  /// query [batch, 1, width] → the same. The first call runs all sequences, in order.
  at::Tensor attend(const Layer& layer, const at::Tensor& query, int64_t heads, const Source& source);

 private:
  struct OfLayer {
    KeyValueCache cache;
    std::vector<int64_t> source_lengths;  ///< of each sequence, for cross-attention
  };
  OfLayer& read_source(const Layer& layer, int64_t heads, const Source& source);

  int64_t sequences_, capacity_;
  std::vector<int64_t> rows_, lengths_;
  std::map<const Layer*, OfLayer> layers_;
};

}  // namespace echelon::nn
