#include "nn/layers/post_norm_block.h"

#include <ATen/ATen.h>

#include "nn/functional/post_norm.h"

namespace echelon::nn {
namespace {

LinearWeights weights_of(const Linear& linear) {
  return {linear.weight(), linear.bias()};
}

NormWeights weights_of(const LayerNorm& norm) {
  return {norm.weight(), norm.bias(), norm.epsilon()};
}

}  // namespace

PostNormBlock::PostNormBlock(const BuildOptions& options, const TransformerOptions& transformer)
    : attention_(
          add_child<SelfAttention>(options, "attention", transformer.width, transformer.heads,
                                   AttentionOptions{transformer.causal, transformer.dropout,
                                                    transformer.weight_init, transformer.projection_init})),
      attention_norm_(
          add_child<LayerNorm>(options, "attention_norm", transformer.width, transformer.norm_epsilon)),
      mlp_(add_child<Mlp>(options, "mlp", transformer)),
      mlp_norm_(add_child<LayerNorm>(options, "mlp_norm", transformer.width, transformer.norm_epsilon)),
      dropout_(add_child<Dropout>(options, "dropout", transformer.dropout)) {}

at::Tensor PostNormBlock::apply(const at::Tensor& input, const at::Tensor& document_starts,
                                const Context& context) {
  if (context.training && dropout_.rate() > 0) return apply_with_dropout(input, document_starts, context);
  const at::Tensor qkv = input_linear(input, weights_of(attention_.qkv()));
  const at::Tensor mixed = attention_.mix(qkv, document_starts, context);
  const at::Tensor x =
      linear_norm(input, mixed, weights_of(attention_.projection()), weights_of(attention_norm_));
  return mlp_norm(x, weights_of(mlp_.expand()), mlp_.activation(), weights_of(mlp_.contract()),
                  weights_of(mlp_norm_));
}

at::Tensor PostNormBlock::apply_with_dropout(const at::Tensor& input, const at::Tensor& document_starts,
                                             const Context& context) {
  const at::Tensor mixed = attention_.apply(input, document_starts, context.child("attention"));
  const at::Tensor x =
      attention_norm_.apply(input + dropout_.apply(mixed, context.child("attention_dropout")), context);
  const at::Tensor transformed = dropout_.apply(mlp_.apply(x, context), context.child("mlp_dropout"));
  return mlp_norm_.apply(x + transformed, context);
}

}  // namespace echelon::nn
