// Multi-head self-attention after Vaswani et al. (1706.03762).
#pragma once

#include "nn/layers/document_layer.h"
#include "nn/layers/linear.h"

namespace echelon::nn {

struct AttentionOptions {
  bool causal = true;    ///< a position sees itself and those before it
  double dropout = 0.0;  ///< of the attention weights, in training
  Initializer weight_init = init::normal(0.02);
  Initializer projection_init = init::normal(0.02);
};

class SelfAttention : public DocumentLayer {
 public:
  /// `heads` divides `width`. Inside: qkv (one linear to 3·width: queries, keys, values), projection.
  SelfAttention(const BuildOptions& options, int64_t width, int64_t heads,
                const AttentionOptions& attention = {});

  using DocumentLayer::apply;
  /// [batch, time, width] → the same.
  at::Tensor apply(const at::Tensor& input, const at::Tensor& document_starts,
                   const Context& context) override;

  /// The part between the two linears: [batch, time, 3·width] → [batch, time, width]. Where
  /// `context.decoding` is set, a document is one sequence, and `causal` holds.
  at::Tensor mix(const at::Tensor& qkv, const at::Tensor& document_starts, const Context& context) const;
  const Linear& qkv() const { return qkv_; }
  const Linear& projection() const { return projection_; }

 private:
  int64_t heads_;
  bool causal_;
  double dropout_;
  Linear& qkv_;
  Linear& projection_;
};

}  // namespace echelon::nn
