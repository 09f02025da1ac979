#include "models/mlp.h"

#include <functional>
#include <numeric>

#include "common/format.h"
#include "models/chain.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/feature_embedding.h"
#include "nn/layers/linear.h"
#include "nn/layers/pooling.h"

namespace echelon::models {
namespace {

nn::Activation activation_of(const std::string& name) {
  if (name == "gelu") return nn::Activation::kGelu;
  return name == "silu" ? nn::Activation::kSilu : nn::Activation::kRelu;
}

/// The chain behind the inputs, and how many numbers it has made of them.
struct Beginning {
  Chain chain;
  int64_t width;
};

Beginning begin_with_image(const std::vector<int64_t>& shape) {
  Chain chain("mlp", "image");
  chain.add<nn::Flatten>("flatten");
  return {std::move(chain), std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>())};
}

Beginning begin_with_table(const TableInput& table, std::optional<int64_t> embedding) {
  Chain chain("mlp", table.numbers > 0 ? "features" : "categories");
  if (table.categories.empty()) return {std::move(chain), table.numbers};
  if (table.numbers > 0) chain.also_reads("categories");
  int64_t width = table.numbers;
  std::vector<nn::CategoryEmbedding> embeddings;
  for (const int64_t categories : table.categories) {
    embeddings.push_back({categories, embedding.value_or(embedding_width(categories))});
    width += embeddings.back().width;
  }
  chain.add_reading<nn::FeatureEmbedding>("embedding", std::move(embeddings));
  return {std::move(chain), width};
}

}  // namespace

nn::ModelSpec make_mlp(const MlpSettings& settings) {
  auto [chain, width] = settings.table ? begin_with_table(*settings.table, settings.embedding)
                                       : begin_with_image(settings.input);
  for (size_t i = 0; i < settings.hidden.size(); ++i) {
    chain.add<nn::Linear>(str_format("hidden.{}", i), width, settings.hidden[i]);
    chain.add<nn::ActivationLayer>(str_format("activation.{}", i), activation_of(settings.activation));
    if (settings.dropout > 0) chain.add<nn::Dropout>(str_format("dropout.{}", i), settings.dropout);
    width = settings.hidden[i];
  }
  const bool number = settings.table && settings.table->classes == 0;
  const int64_t outputs = number ? 1 : settings.table ? settings.table->classes : settings.classes;
  chain.add<nn::Linear>("head", width, outputs, nn::LinearOptions{.weight_init = nn::init::fan_in_uniform()});
  return chain.finish(number ? "prediction" : "logits");
}

}  // namespace echelon::models
