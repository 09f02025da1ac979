// A transformer block with the normalisation before each half (pre-LN), as in GPT-2:
// x + attention(norm(x)), then x + mlp(norm(x)).
#pragma once

#include "nn/layers/activation.h"
#include "nn/layers/attention.h"
#include "nn/layers/dropout.h"
#include "nn/layers/layer_norm.h"

namespace echelon::nn {

struct TransformerOptions {
  int64_t width = 768;
  int64_t heads = 12;
  int64_t mlp_width = 3072;
  bool causal = true;
  double dropout = 0.0;  ///< of attention weights and of both halves' outputs
  Activation activation = Activation::kGeluTanh;
  double norm_epsilon = 1e-5;
  Initializer weight_init = init::normal(0.02);
  Initializer projection_init = init::normal(0.02);  ///< of the two linears that write to the residual stream
};

/// Two linears around a non-linearity. Inside: expand, contract.
class Mlp : public UnaryLayer {
 public:
  Mlp(const BuildOptions& options, const TransformerOptions& transformer);
  /// [..., width] → the same.
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

  Activation activation() const { return activation_; }
  const Linear& expand() const { return expand_; }
  const Linear& contract() const { return contract_; }

 private:
  Activation activation_;
  Linear& expand_;
  Linear& contract_;
};

class TransformerBlock : public DocumentLayer {
 public:
  /// Inside: attention_norm, attention (qkv, projection), mlp_norm, mlp (expand, contract).
  TransformerBlock(const BuildOptions& options, const TransformerOptions& transformer);

  using DocumentLayer::apply;
  /// [batch, time, width] → the same.
  at::Tensor apply(const at::Tensor& input, const at::Tensor& document_starts,
                   const Context& context) override;

 private:
  at::Tensor apply_plainly(const at::Tensor& input, const at::Tensor& document_starts,
                           const Context& context);

  LayerNorm& attention_norm_;
  SelfAttention& attention_;
  LayerNorm& mlp_norm_;
  Mlp& mlp_;
  Dropout& dropout_;
};

}  // namespace echelon::nn
