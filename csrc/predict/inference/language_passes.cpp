#include "predict/inference/language_passes.h"

#include <memory>
#include <utility>

#include "generate/language_stage.h"

namespace echelon::predict {

Passes language_passes(const nn::ModelSpec& spec, const models::ModelSettings& settings, at::Device device) {
  const int64_t vocabulary = models::interface_of(settings).output_limit;
  const auto stage = std::make_shared<generate::LanguageStage>(spec, device, vocabulary);
  return {.parts = stage->parts(),
          .run = [stage](nn::LayeredModel& model,
                         nn::Activations inputs) { return stage->run(model, std::move(inputs)); },
          .own_activations = generate::kActivationsOfAPass};
}

}  // namespace echelon::predict
