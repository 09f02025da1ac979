#include "models/encoder_decoder.h"

#include <cmath>

#include "common/format.h"
#include "models/token_embedding.h"
#include "nn/layers/decoder_block.h"

namespace echelon::models {
namespace {

constexpr double kStandardDeviation = 0.02;

nn::TransformerOptions block_options(const EncoderDecoderSettings& settings, bool causal, int64_t writers) {
  nn::TransformerOptions block;
  block.width = settings.width;
  block.heads = settings.heads;
  block.mlp_width = 4 * settings.width;
  block.causal = causal;
  block.dropout = settings.dropout;
  block.weight_init = nn::init::normal(kStandardDeviation);
  block.projection_init = nn::init::normal(kStandardDeviation / std::sqrt(static_cast<double>(writers)));
  return block;
}

/// What builds the layer L(options, arguments…).
template <class L, class... Arguments>
auto builder(Arguments... arguments) {
  return [=](const nn::BuildOptions& options) {
    return std::unique_ptr<nn::Layer>(std::make_unique<L>(options, arguments...));
  };
}

}  // namespace

nn::ModelSpec make_encoder_decoder(const EncoderDecoderSettings& settings) {
  const nn::Initializer weight_init = nn::init::normal(kStandardDeviation);
  const TokenEmbeddingOptions embedding{.vocabulary = settings.vocabulary,
                                        .context = settings.context,
                                        .width = settings.width,
                                        .dropout = settings.dropout,
                                        .weight_init = weight_init};
  const nn::TransformerOptions encoder = block_options(settings, false, 2 * settings.encoder_layers);
  const nn::TransformerOptions decoder = block_options(settings, true, 3 * settings.decoder_layers);
  const std::vector<std::string> memory = {"memory", "source_starts"},
                                 read = {"x", "memory", "source_starts"};

  nn::ModelSpec spec{
      .family = "encoder_decoder", .inputs = {"source", "source_starts", "tokens"}, .outputs = {"logits"}};
  const auto add = [&](std::string name, std::vector<std::string> inputs, std::string output, auto build) {
    spec.layers.push_back({std::move(name), std::move(inputs), {std::move(output)}, std::move(build)});
  };
  add("encoder.embedding", {"source", "source_starts"}, "memory", builder<TokenEmbedding>(embedding));
  for (int64_t i = 0; i < settings.encoder_layers; ++i)
    add(str_format("encoder.block.{}", i), memory, "memory", builder<nn::TransformerBlock>(encoder));
  add("encoder.norm", {"memory"}, "memory", builder<nn::LayerNorm>(settings.width));
  add("embedding", {"tokens"}, "x", builder<TokenEmbedding>(embedding));
  for (int64_t i = 0; i < settings.decoder_layers; ++i)
    add(str_format("block.{}", i), read, "x", builder<nn::DecoderBlock>(decoder));
  add("norm", {"x"}, "x", builder<nn::LayerNorm>(settings.width));
  add("head", {"x"}, "logits",
      builder<nn::Linear>(settings.width, settings.vocabulary,
                          nn::LinearOptions{.bias = false, .weight_init = weight_init}));
  for (const char* alias : {"embedding.token.weight", "head.weight"})
    spec.ties.push_back({.owner = "encoder.embedding.token.weight", .alias = alias});
  return spec;
}

}  // namespace echelon::models
