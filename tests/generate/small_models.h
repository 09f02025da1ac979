// Small language models with random weights, for the tests of what is done with them.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

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

/// Of layers in parts_of() the model, all on this rank.
inline LanguageModel asking(const std::shared_ptr<nn::LayeredModel>& layers,
                            const models::ModelSettings& settings) {
  const auto stage =
      std::make_shared<LanguageStage>(layers->spec(), at::kCPU, models::interface_of(settings).output_limit);
  return {[layers, stage](nn::Activations inputs) {
            const c10::InferenceMode no_gradients;
            return stage->run(*layers, std::move(inputs));
          },
          settings};
}

inline LanguageModel language_model(const models::ModelSettings& settings, at::ScalarType type = at::kFloat) {
  return asking(layers_of(settings, parts_of(models::make_model(settings)), type), settings);
}

/// The same as language_model(), but in one part.
inline std::shared_ptr<nn::LayeredModel> whole_model(const models::ModelSettings& settings,
                                                     at::ScalarType type) {
  return layers_of(settings, {{0, models::make_model(settings).layers.size()}}, type);
}

/// Of one sequence, all tokens at once: [time, vocabulary]. `source` counts where the model reads one.
inline at::Tensor logits_of(nn::LayeredModel& whole, const Ids& source, const Ids& tokens) {
  const c10::InferenceMode no_gradients;
  nn::Activations inputs{{"tokens", padded({&tokens, 1})}};
  for (const std::string& name : whole.spec().inputs) {
    if (name == "source") inputs[name] = padded({&source, 1});
    if (name.ends_with("_starts"))
      inputs[name] = at::zeros_like(padded({name == "source_starts" ? &source : &tokens, 1}));
  }
  return whole.forward(inputs, {}).at("logits")[0];
}

/// With the weights of tests/golden/gpt.safetensors.
inline LanguageModel golden_gpt(at::ScalarType type = at::kFloat) {
  const auto model = layers_of(small_gpt(), parts_of(models::make_model(small_gpt())), type);
  const checkpoint::SafetensorsFile file(fs::path(ECHELON_SOURCE_DIR) / "tests/golden/gpt.safetensors");
  for (const auto& parameter : model->parameters())
    parameter.tensor.detach().copy_(file.view("weight/" + parameter.name));
  return asking(model, small_gpt());
}

}  // namespace echelon::generate
