#include "models/bert.h"

#include <ATen/ATen.h>

#include "common/error.h"
#include "common/format.h"
#include "nn/layers/embedding.h"
#include "nn/layers/layer_norm.h"
#include "nn/layers/post_norm_block.h"

namespace echelon::models {
namespace {

/// norm(token + position + type 0): int64 [batch, time] → [batch, time, width].
class BertEmbedding : public nn::UnaryLayer {
 public:
  BertEmbedding(const nn::BuildOptions& options, const BertSettings& settings,
                const nn::Initializer& weight_init)
      : context_(settings.context),
        token_(add_child<nn::Embedding>(options, "token", settings.vocabulary, settings.width, weight_init)),
        position_(
            add_child<nn::Embedding>(options, "position", settings.context, settings.width, weight_init)),
        token_type_(add_child<nn::Embedding>(options, "token_type", settings.token_types, settings.width,
                                             weight_init)),
        norm_(add_child<nn::LayerNorm>(options, "norm", settings.width, settings.layer_norm_epsilon)) {}

  at::Tensor apply(const at::Tensor& tokens_BT, const nn::Context& context) override {
    const int64_t time = tokens_BT.size(1);
    if (time > context_) {
      throw DataError(
          str_format("a sequence of {} tokens is longer than the model's context of {}", time, context_));
    }
    const at::Tensor same_for_all = position_.first(time) + token_type_.first(1);
    return norm_.apply(token_.apply(tokens_BT, context) + same_for_all, context);
  }

 private:
  int64_t context_;
  nn::Embedding& token_;
  nn::Embedding& position_;
  nn::Embedding& token_type_;
  nn::LayerNorm& norm_;
};

/// What attention sees, from tokens [batch, time] and lengths [batch]: each row's tokens are one document,
/// and each padding token is one of its own (nn/layers/document_layer.h). Undefined where there is no
/// padding.
class Visibility : public nn::Layer {
 public:
  std::vector<at::Tensor> forward(at::TensorList inputs, const nn::Context&) override {
    const at::Tensor &tokens_BT = inputs[0], &lengths_B = inputs[1];
    const int64_t time = tokens_BT.size(1);
    if (lengths_B.is_meta()) return {at::Tensor()};
    const auto [shortest, longest] = lengths_B.aminmax();
    if (shortest.item<int64_t>() < 1 || longest.item<int64_t>() > time) {
      throw DataError(
          str_format("lengths from {} to {} of sequences in rows of {} tokens; each must be 1 to {}",
                     shortest.item<int64_t>(), longest.item<int64_t>(), time, time));
    }
    if (shortest.item<int64_t>() == time) return {at::Tensor()};
    const at::Tensor places_T = at::arange(time, lengths_B.options());
    return {places_T.masked_fill(places_T < lengths_B.unsqueeze(1), 0)};
  }
};

nn::TransformerOptions block_options(const BertSettings& settings, const nn::Initializer& weight_init) {
  return {.width = settings.width,
          .heads = settings.heads,
          .mlp_width = settings.mlp_width,
          .causal = false,
          .activation = settings.activation,
          .norm_epsilon = settings.layer_norm_epsilon,
          .weight_init = weight_init,
          .projection_init = weight_init};
}

}  // namespace

nn::ModelSpec make_bert(const BertSettings& settings, const nn::Initializer& weight_init) {
  nn::ModelSpec spec{.family = "bert", .inputs = {"tokens", "lengths"}, .outputs = {"hidden"}};
  spec.layers.push_back({"embedding", {"tokens"}, {"hidden"}, [=](const nn::BuildOptions& options) {
                           return std::make_unique<BertEmbedding>(options, settings, weight_init);
                         }});
  spec.layers.push_back(
      {"visibility", {"tokens", "lengths"}, {"document_starts"}, [](const nn::BuildOptions&) {
         return std::make_unique<Visibility>();
       }});
  const nn::TransformerOptions block = block_options(settings, weight_init);
  for (int64_t i = 0; i < settings.layers; ++i) {
    spec.layers.push_back({str_format("block.{}", i),
                           {"hidden", "document_starts"},
                           {"hidden"},
                           [=](const nn::BuildOptions& options) {
                             return std::make_unique<nn::PostNormBlock>(options, block);
                           }});
  }
  return spec;
}

}  // namespace echelon::models
