#include "models/gpt.h"

#include <ATen/ATen.h>

#include <cmath>

#include "common/error.h"
#include "common/format.h"
#include "models/chain.h"
#include "nn/layers/document_layer.h"
#include "nn/layers/embedding.h"
#include "nn/layers/transformer_block.h"

namespace echelon::models {
namespace {

constexpr double kStandardDeviation = 0.02;

/// The sum of a token's vector and its position's, which counts from the start of its document.
class GptEmbedding : public nn::DocumentLayer {
 public:
  GptEmbedding(const nn::BuildOptions& options, const GptSettings& settings)
      : context_(settings.context),
        token_(add_child<nn::Embedding>(options, "token", settings.vocabulary, settings.width,
                                        nn::init::normal(kStandardDeviation))),
        position_(add_child<nn::Embedding>(options, "position", settings.context, settings.width,
                                           nn::init::normal(kStandardDeviation))),
        dropout_(add_child<nn::Dropout>(options, "dropout", settings.dropout)) {}

  at::Tensor apply(const at::Tensor& tokens_BT, const at::Tensor& document_starts_BT,
                   const nn::Context& context) override {
    const int64_t time = tokens_BT.size(1);
    if (time > context_) {
      throw DataError(
          str_format("a sequence of {} tokens is longer than the model's context of {}", time, context_));
    }
    const at::Tensor position =
        document_starts_BT.defined()
            ? position_.apply(at::arange(time, tokens_BT.options()) - document_starts_BT, context)
            : position_.first(time);
    return dropout_.apply(token_.apply(tokens_BT, context) + position, context);
  }

 private:
  int64_t context_;
  nn::Embedding& token_;
  nn::Embedding& position_;
  nn::Dropout& dropout_;
};

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
  chain.add_reading<GptEmbedding>("embedding", settings);
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
