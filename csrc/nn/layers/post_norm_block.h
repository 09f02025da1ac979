// A transformer block with the normalisation after each half (post-LN), as in Vaswani et al. (1706.03762) and
// BERT (Devlin et al., 1810.04805): x = norm(x + attention(x)), then norm(x + mlp(x)).
#pragma once

#include "nn/layers/transformer_block.h"

namespace echelon::nn {

class PostNormBlock : public DocumentLayer {
 public:
  /// Inside, as in TransformerBlock: attention (qkv, projection), attention_norm, mlp (expand, contract),
  /// mlp_norm. Dropout is that of the attention's weights and of both halves' outputs.
  PostNormBlock(const BuildOptions& options, const TransformerOptions& transformer);

  using DocumentLayer::apply;
  /// [batch, time, width] → the same. Without gradients the operations of nn/functional/post_norm.h run.
  at::Tensor apply(const at::Tensor& input, const at::Tensor& document_starts,
                   const Context& context) override;

 private:
  at::Tensor apply_with_dropout(const at::Tensor& input, const at::Tensor& document_starts,
                                const Context& context);

  SelfAttention& attention_;
  LayerNorm& attention_norm_;
  Mlp& mlp_;
  LayerNorm& mlp_norm_;
  Dropout& dropout_;
};

}  // namespace echelon::nn
