#include "models/gpt.h"

#include <cmath>

#include "common/format.h"
#include "models/chain.h"
#include "models/token_embedding.h"
#include "nn/layers/transformer_block.h"

namespace echelon::models {
namespace {

constexpr double kStandardDeviation = 0.02;

}  // namespace

nn::ModelSpec make_gpt(const GptSettings& settings) {
  const nn::Initializer weight_init = nn::init::normal(kStandardDeviation);
  nn::TransformerOptions block;
  block.width = settings.width;
  block.heads = settings.heads;
  block.mlp_width = 4 * settings.width;
  block.causal = settings.causal;
  block.dropout = settings.dropout;
  block.weight_init = weight_init;
  block.projection_init =
      nn::init::normal(kStandardDeviation / std::sqrt(2.0 * static_cast<double>(settings.layers)));

  Chain chain("gpt", "tokens");
  if (settings.document_mask) chain.also_reads("document_starts");
  chain.add_reading<TokenEmbedding>("embedding", TokenEmbeddingOptions{.vocabulary = settings.vocabulary,
                                                                       .context = settings.context,
                                                                       .width = settings.width,
                                                                       .dropout = settings.dropout,
                                                                       .weight_init = weight_init});
  for (int64_t i = 0; i < settings.layers; ++i)
    chain.add_reading<nn::TransformerBlock>(str_format("block.{}", i), block);
  chain.add<nn::LayerNorm>("norm", settings.width);
  chain.add<nn::Linear>("head", settings.width, settings.vocabulary,
                        nn::LinearOptions{.bias = false, .weight_init = weight_init});
  nn::ModelSpec spec = chain.finish("logits");
  spec.ties = {{.owner = "embedding.token.weight", .alias = "head.weight"}};
  return spec;
}

}  // namespace echelon::models
