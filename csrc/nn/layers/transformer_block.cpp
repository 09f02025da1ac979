#include "nn/layers/transformer_block.h"

#include <ATen/ATen.h>

#include "nn/functional/norm_linear.h"
#include "nn/functional/residual_linear.h"

namespace echelon::nn {
namespace {

at::Tensor linear_of_norm(const at::Tensor& x, const LayerNorm& norm, const Linear& linear,
                          const at::Tensor& bias) {
  return norm_linear(x, norm.weight(), norm.bias(), norm.epsilon(), linear.weight(), bias);
}

}  // namespace

Mlp::Mlp(const BuildOptions& options, const TransformerOptions& transformer)
    : activation_(transformer.activation),
      expand_(add_child<Linear>(options, "expand", transformer.width, transformer.mlp_width,
                                LinearOptions{.weight_init = transformer.weight_init})),
      contract_(add_child<Linear>(options, "contract", transformer.mlp_width, transformer.width,
                                  LinearOptions{.weight_init = transformer.projection_init})) {}

at::Tensor Mlp::apply(const at::Tensor& input, const Context& context) {
  return contract_.apply(activate(expand_.apply(input, context), activation_), context);
}

TransformerBlock::TransformerBlock(const BuildOptions& options, const TransformerOptions& transformer)
    : attention_norm_(
          add_child<LayerNorm>(options, "attention_norm", transformer.width, transformer.norm_epsilon)),
      attention_(
          add_child<SelfAttention>(options, "attention", transformer.width, transformer.heads,
                                   AttentionOptions{transformer.causal, transformer.dropout,
                                                    transformer.weight_init, transformer.projection_init})),
      mlp_norm_(add_child<LayerNorm>(options, "mlp_norm", transformer.width, transformer.norm_epsilon)),
      mlp_(add_child<Mlp>(options, "mlp", transformer)),
      dropout_(add_child<Dropout>(options, "dropout", transformer.dropout)) {}

at::Tensor TransformerBlock::apply(const at::Tensor& input, const at::Tensor& document_starts,
                                   const Context& context) {
  if (mlp_.activation() != Activation::kGeluTanh || (context.training && dropout_.rate() > 0)) {
    return apply_plainly(input, document_starts, context);
  }
  // The same in fewer passes over memory, and with less kept for the backward pass.
  const Linear &projection = attention_.projection(), &expand = mlp_.expand(), &contract = mlp_.contract();
  const at::Tensor qkv = linear_of_norm(input, attention_norm_, attention_.qkv(), attention_.qkv().bias());
  const at::Tensor mixed = attention_.mix(qkv, document_starts, context);
  const at::Tensor x = residual_linear(input, mixed, projection.weight(), projection.bias());
  const at::Tensor expanded = linear_of_norm(x, mlp_norm_, expand, /*bias=*/{});
  return residual_gelu_linear(x, expanded, expand.bias(), contract.weight(), contract.bias());
}

at::Tensor TransformerBlock::apply_plainly(const at::Tensor& input, const at::Tensor& document_starts,
                                           const Context& context) {
  const at::Tensor mixed =
      attention_.apply(attention_norm_.apply(input, context), document_starts, context.child("attention"));
  const at::Tensor x = input + dropout_.apply(mixed, context.child("attention_dropout"));
  const at::Tensor transformed = mlp_.apply(mlp_norm_.apply(x, context), context);
  return x + dropout_.apply(transformed, context.child("mlp_dropout"));
}

}  // namespace echelon::nn
