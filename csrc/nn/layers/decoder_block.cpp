#include "nn/layers/decoder_block.h"

#include <ATen/ATen.h>

#include "nn/decoding.h"
#include "nn/functional/cross_attention.h"

namespace echelon::nn {

CrossAttention::CrossAttention(const BuildOptions& options, const TransformerOptions& transformer)
    : heads_(transformer.heads),
      dropout_(transformer.dropout),
      query_(add_child<Linear>(options, "query", transformer.width, transformer.width,
                               LinearOptions{.weight_init = transformer.weight_init})),
      key_value_(add_child<Linear>(options, "key_value", transformer.width, 2 * transformer.width,
                                   LinearOptions{.weight_init = transformer.weight_init})),
      projection_(add_child<Linear>(options, "projection", transformer.width, transformer.width,
                                    LinearOptions{.weight_init = transformer.projection_init})) {}

at::Tensor CrossAttention::apply(const at::Tensor& input, const at::Tensor& memory,
                                 const at::Tensor& source_starts, const Context& context) {
  if (context.decoding != nullptr) {
    const auto key_value = [&] { return key_value_.apply(memory, context); };
    return projection_.apply(context.decoding->attend(*this, query_.apply(input, context), heads_,
                                                      {.key_value = key_value, .starts = source_starts}),
                             context);
  }
  const at::Tensor mixed =
      cross_attention(query_.apply(input, context), key_value_.apply(memory, context), heads_, source_starts,
                      context.training ? dropout_ : 0.0, context.random);
  return projection_.apply(mixed, context);
}

DecoderBlock::DecoderBlock(const BuildOptions& options, const TransformerOptions& transformer)
    : attention_norm_(add_child<LayerNorm>(options, "attention_norm", transformer.width)),
      attention_(
          add_child<SelfAttention>(options, "attention", transformer.width, transformer.heads,
                                   AttentionOptions{/*causal=*/true, transformer.dropout,
                                                    transformer.weight_init, transformer.projection_init})),
      cross_attention_norm_(add_child<LayerNorm>(options, "cross_attention_norm", transformer.width)),
      cross_attention_(add_child<CrossAttention>(options, "cross_attention", transformer)),
      mlp_norm_(add_child<LayerNorm>(options, "mlp_norm", transformer.width)),
      mlp_(add_child<Mlp>(options, "mlp", transformer)),
      dropout_(add_child<Dropout>(options, "dropout", transformer.dropout)) {}

std::vector<at::Tensor> DecoderBlock::forward(at::TensorList inputs, const Context& context) {
  const at::Tensor &input = inputs[0], &memory = inputs[1], &source_starts = inputs[2];
  const auto drop = [&](const at::Tensor& x, std::string_view name) {
    return dropout_.apply(x, context.child(name));
  };
  at::Tensor x =
      input + drop(attention_.apply(attention_norm_.apply(input, context), {}, context.child("attention")),
                   "attention_dropout");
  x = x + drop(cross_attention_.apply(cross_attention_norm_.apply(x, context), memory, source_starts,
                                      context.child("cross_attention")),
               "cross_attention_dropout");
  return {x + drop(mlp_.apply(mlp_norm_.apply(x, context), context), "mlp_dropout")};
}

}  // namespace echelon::nn
