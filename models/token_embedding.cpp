#include "models/token_embedding.h"

#include <ATen/ATen.h>

#include "common/error.h"
#include "common/format.h"
#include "nn/decoding.h"

namespace echelon::models {

TokenEmbedding::TokenEmbedding(const nn::BuildOptions& options, const TokenEmbeddingOptions& embedding)
    : context_(embedding.context),
      token_(add_child<nn::Embedding>(options, "token", embedding.vocabulary, embedding.width,
                                      embedding.weight_init)),
      position_(add_child<nn::Embedding>(options, "position", embedding.context, embedding.width,
                                         embedding.weight_init)),
      dropout_(add_child<nn::Dropout>(options, "dropout", embedding.dropout)) {}

at::Tensor TokenEmbedding::apply(const at::Tensor& tokens_BT, const at::Tensor& document_starts_BT,
                                 const nn::Context& context) {
  const int64_t time = tokens_BT.size(1);
  if (time > context_) {
    throw DataError(
        str_format("a sequence of {} tokens is longer than the model's context of {}", time, context_));
  }
  if (context.decoding != nullptr)
    return token_.apply(tokens_BT, context) +
           position_.apply(context.decoding->positions(time, tokens_BT.device()), context);
  const at::Tensor position =
      document_starts_BT.defined()
          ? position_.apply(at::arange(time, tokens_BT.options()) - document_starts_BT, context)
          : position_.first(time);
  return dropout_.apply(token_.apply(tokens_BT, context) + position, context);
}

}  // namespace echelon::models
