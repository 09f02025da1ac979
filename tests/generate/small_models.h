// Small language models with random weights, for the tests of what is done with them.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>

#include "checkpoint/safetensors.h"
#include "generate/language_model.h"
#include "models/registry.h"

namespace echelon::generate {

inline models::ModelSettings small_gpt() {
  return models::GptSettings{.layers = 2, .heads = 2, .width = 32, .context = 16, .vocabulary = 61};
}

inline models::ModelSettings small_encoder_decoder() {
  return models::EncoderDecoderSettings{
      .encoder_layers = 2, .decoder_layers = 2, .heads = 2, .width = 16, .context = 16, .vocabulary = 61};
}

/// Of `parts`; weights are such that logits differ as those of a trained model do.
inline std::shared_ptr<nn::LayeredModel> layers_of(const models::ModelSettings& settings,
                                                   std::vector<nn::LayerRange> parts, at::ScalarType type) {
  auto model = std::make_shared<nn::LayeredModel>(models::make_model(settings), std::move(parts),
                                                  at::TensorOptions().dtype(type), /*seed=*/7);
  for (const auto& parameter : model->parameters())
    if (parameter.decay) parameter.tensor.detach().mul_(10);
  return model;
}

inline LanguageModel language_model(const models::ModelSettings& settings, at::ScalarType type = at::kFloat) {
  return {layers_of(settings, parts_of(models::make_model(settings)), type), settings};
}

/// With the weights of tests/golden/gpt.safetensors.
inline LanguageModel golden_gpt(at::ScalarType type = at::kFloat) {
  const auto model = layers_of(small_gpt(), parts_of(models::make_model(small_gpt())), type);
  const checkpoint::SafetensorsFile file(fs::path(ECHELON_SOURCE_DIR) / "tests/golden/gpt.safetensors");
  for (const auto& parameter : model->parameters())
    parameter.tensor.detach().copy_(file.view("weight/" + parameter.name));
  return {model, small_gpt()};
}

}  // namespace echelon::generate
