// A transformer block that also reads another sequence, with the normalisation before each part (pre-LN):
// x + attention(norm(x)), then x + cross_attention(norm(x), memory), then x + mlp(norm(x)); after Vaswani et
// al. (1706.03762), section 3.1.
#pragma once

#include "nn/layers/transformer_block.h"

namespace echelon::nn {

/// Inside: query, key_value (one linear to 2·width), projection.
class CrossAttention : public Layer {
 public:
  CrossAttention(const BuildOptions& options, const TransformerOptions& transformer);

  /// input [batch, time, width], memory [batch, source, width] → the shape of input. source_starts: int64
  /// [batch, source], as nn/functional/cross_attention.h says. Where `context.decoding` is set, memory is
  /// read for sequences that begin, and else not.
  at::Tensor apply(const at::Tensor& input, const at::Tensor& memory, const at::Tensor& source_starts,
                   const Context& context);
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) override {
    return {apply(inputs[0], inputs[1], inputs[2], context)};
  }

 private:
  int64_t heads_;
  double dropout_;
  Linear& query_;
  Linear& key_value_;
  Linear& projection_;
};

class DecoderBlock : public Layer {
 public:
  /// Inside: attention_norm, attention, cross_attention_norm, cross_attention, mlp_norm, mlp. Attention to
  /// itself is causal whatever `transformer` says.
  DecoderBlock(const BuildOptions& options, const TransformerOptions& transformer);

  /// Inputs and output as CrossAttention::forward().
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) override;

 private:
  LayerNorm& attention_norm_;
  SelfAttention& attention_;
  LayerNorm& cross_attention_norm_;
  CrossAttention& cross_attention_;
  LayerNorm& mlp_norm_;
  Mlp& mlp_;
  Dropout& dropout_;
};

}  // namespace echelon::nn
