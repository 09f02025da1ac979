// The encoder of Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers" (1810.04805), as
// Hugging Face's BertModel computes it. Its weights come from outside (checkpoint/hugging_face/model.h).
#pragma once

#include "nn/layered_model.h"
#include "nn/layers/activation.h"

namespace echelon::models {

/// Sizes are those of BERT-base.
struct BertSettings {
  int64_t layers = 12;
  int64_t heads = 12;  ///< divides width
  int64_t width = 768;
  int64_t mlp_width = 3072;
  int64_t context = 512;  ///< the most tokens of a sequence
  int64_t vocabulary = 30522;
  int64_t token_types = 2;
  double layer_norm_epsilon = 1e-12;
  nn::Activation activation = nn::Activation::kGelu;  ///< exact, by erf; or kGeluTanh, kRelu, kSilu

  bool operator==(const BertSettings&) const = default;
};

/// "tokens" int64 [batch, time] and "lengths" int64 [batch] → "hidden" [batch, time, width]. Tokens from a
/// row's length on are padding: no other token attends to them, and what "hidden" holds for them means
/// nothing. All tokens are of type 0. DataError where a sequence is longer than the context, or a length is
/// not in 1 … time.
///
/// Matrices start normal with a standard deviation of 0.02, as in the paper, unless `weight_init` is given:
/// nn::init::zeros() costs nothing where weights are loaded anyway. No dropout.
///
/// Layers: embedding (token, position, token_type, norm), visibility, block.N (nn/layers/post_norm_block.h).
nn::ModelSpec make_bert(const BertSettings& settings,
                        const nn::Initializer& weight_init = nn::init::normal(0.02));

}  // namespace echelon::models
