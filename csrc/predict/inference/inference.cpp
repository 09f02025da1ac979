#include "predict/inference/inference.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "comm/communicator.h"
#include "nn/autocast.h"
#include "predict/inference/stage_pipeline.h"
#include "train/precision.h"

namespace echelon::predict {
namespace {

nn::LayerRange layers_of(const std::vector<size_t>& first_layers, int stage, size_t layers) {
  const auto i = static_cast<size_t>(stage);
  return {first_layers[i], i + 1 < first_layers.size() ? first_layers[i + 1] : layers};
}

/// What of each part lies in `own`.
std::vector<nn::LayerRange> within(std::vector<nn::LayerRange> parts, const nn::LayerRange& own) {
  for (auto& [first, last] : parts) {
    first = std::clamp(first, own.first, own.last);
    last = std::clamp(last, own.first, own.last);
  }
  return parts;
}

int64_t most_before_a_layer(const nn::ModelSpec& spec) {
  size_t most = 0;
  for (size_t layer = 0; layer <= spec.layers.size(); ++layer)
    most = std::max(most, nn::activations_before(spec, layer).size());
  return static_cast<int64_t>(most);
}

}  // namespace

Passes whole_passes(const nn::ModelSpec& spec, at::Device device) {
  const auto run = [device](nn::LayeredModel& model, nn::Activations inputs) {
    for (auto& [name, tensor] : inputs)
      if (tensor.defined()) tensor = tensor.to(device);
    return model.forward(std::move(inputs), {});
  };
  return {.parts = {{0, spec.layers.size()}}, .run = run};
}

Inference::Inference(nn::ModelSpec spec, train::Precision precision, const Placement& placement,
                     Passes passes)
    : precision_(precision), placement_(placement), passes_(std::move(passes)) {
  const auto options = at::TensorOptions().dtype(train::storage_type(precision)).device(placement.device);
  nn::LayerRange own{0, spec.layers.size()};
  if (placement.pipeline != nullptr) {
    own = layers_of(cut_into_stages(spec, placement.pipeline->size()), placement.pipeline->rank(), own.last);
    pipeline_ = std::make_unique<StagePipeline>(*placement.pipeline,
                                                most_before_a_layer(spec) + passes_.own_activations);
  }
  model_ = std::make_unique<nn::LayeredModel>(std::move(spec), within(passes_.parts, own), options, 0);
}

Inference::Inference(const nn::ModelSpec& spec, train::Precision precision, const Placement& placement)
    : Inference(spec, precision, placement, whole_passes(spec, placement.device)) {}

Inference::~Inference() = default;

nn::Activations Inference::pass(nn::Activations inputs) const {
  WeightsLoan weights(weights_);
  const nn::SharedWeights::Scope scope(weights.get());
  const nn::AutocastScope autocast(train::autocast_type(precision_), placement_.device);
  return passes_.run(*model_, std::move(inputs));
}

nn::Activations Inference::ask(nn::Activations inputs) const {
  const c10::InferenceMode no_gradients;
  nn::Activations outputs = pass(std::move(inputs));
  return pipeline_ ? pipeline_->pass_on(outputs) : outputs;
}

at::Tensor Inference::run(nn::Activations inputs) const {
  for (auto& [name, tensor] : inputs)
    if (tensor.is_floating_point()) tensor = tensor.to(train::storage_type(precision_));
  return std::move(ask(std::move(inputs)).at(spec().outputs.front()));
}

void Inference::serve() {
  const c10::InferenceMode no_gradients;
  pipeline_->serve([this](nn::Activations inputs) { return pass(std::move(inputs)); });
}

void Inference::end() {
  if (pipeline_) pipeline_->end();
}

}  // namespace echelon::predict
