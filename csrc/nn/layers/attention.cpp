#include "nn/layers/attention.h"

#include <ATen/ATen.h>

#include "nn/decoding.h"
#include "nn/functional/attention.h"

namespace echelon::nn {

SelfAttention::SelfAttention(const BuildOptions& options, int64_t width, int64_t heads,
                             const AttentionOptions& attention)
    : heads_(heads),
      causal_(attention.causal),
      dropout_(attention.dropout),
      qkv_(add_child<Linear>(options, "qkv", width, 3 * width,
                             LinearOptions{.weight_init = attention.weight_init})),
      projection_(add_child<Linear>(options, "projection", width, width,
                                    LinearOptions{.weight_init = attention.projection_init})) {}

at::Tensor SelfAttention::mix(const at::Tensor& qkv, const at::Tensor& document_starts,
                              const Context& context) const {
  if (context.decoding != nullptr) return context.decoding->attend(*this, qkv, heads_);
  return attention(qkv, heads_, causal_, document_starts, context.training ? dropout_ : 0.0, context.random);
}

at::Tensor SelfAttention::apply(const at::Tensor& input, const at::Tensor& document_starts,
                                const Context& context) {
  return projection_.apply(mix(qkv_.apply(input, context), document_starts, context), context);
}

}  // namespace echelon::nn
