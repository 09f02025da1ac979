// Tokens with learned positions as vectors.
#pragma once

#include "nn/layers/document_layer.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"

namespace echelon::models {

struct TokenEmbeddingOptions {
  int64_t vocabulary = 0;
  int64_t context = 0;  ///< the most tokens of a sequence
  int64_t width = 0;
  double dropout = 0;
  nn::Initializer weight_init;
};

/// int64 [batch, time] → [batch, time, width]: the sum of a token's vector and its position's, which counts
/// from the start of its document, and of its sequence where `context.decoding` is set. DataError where a
/// sequence is longer than the context. Inside: token, position.
class TokenEmbedding : public nn::DocumentLayer {
 public:
  TokenEmbedding(const nn::BuildOptions& options, const TokenEmbeddingOptions& embedding);

  using DocumentLayer::apply;
  at::Tensor apply(const at::Tensor& tokens_BT, const at::Tensor& document_starts_BT,
                   const nn::Context& context) override;

 private:
  int64_t context_;
  nn::Embedding& token_;
  nn::Embedding& position_;
  nn::Dropout& dropout_;
};

}  // namespace echelon::models
