#include "models/mlp.h"

#include <functional>
#include <numeric>

#include "common/format.h"
#include "models/chain.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/layers/pooling.h"

namespace echelon::models {
namespace {

nn::Activation activation_of(const std::string& name) {
  if (name == "gelu") return nn::Activation::kGelu;
  return name == "silu" ? nn::Activation::kSilu : nn::Activation::kRelu;
}

}  // namespace

nn::ModelSpec make_mlp(const MlpSettings& settings) {
  Chain chain("mlp", "image");
  chain.add<nn::Flatten>("flatten");
  int64_t width =
      std::accumulate(settings.input.begin(), settings.input.end(), int64_t{1}, std::multiplies<>());
  for (size_t i = 0; i < settings.hidden.size(); ++i) {
    chain.add<nn::Linear>(str_format("hidden.{}", i), width, settings.hidden[i]);
    chain.add<nn::ActivationLayer>(str_format("activation.{}", i), activation_of(settings.activation));
    if (settings.dropout > 0) chain.add<nn::Dropout>(str_format("dropout.{}", i), settings.dropout);
    width = settings.hidden[i];
  }
  chain.add<nn::Linear>("head", width, settings.classes,
                        nn::LinearOptions{.weight_init = nn::init::fan_in_uniform()});
  return chain.finish("logits");
}

}  // namespace echelon::models
