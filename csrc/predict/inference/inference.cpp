#include "predict/inference/inference.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

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

}  // namespace

Inference::Inference(nn::ModelSpec spec, train::Precision precision, const Placement& placement)
    : precision_(precision), placement_(placement) {
  const auto options = at::TensorOptions().dtype(train::storage_type(precision)).device(placement.device);
  const size_t layers = spec.layers.size();
  if (placement.pipeline == nullptr) {
    model_ = std::make_unique<nn::LayeredModel>(std::move(spec), 0, layers, options, 0);
    return;
  }
  const std::vector<size_t> first_layers = cut_into_stages(spec, placement.pipeline->size());
  pipeline_ = std::make_unique<StagePipeline>(spec, first_layers, *placement.pipeline);
  const nn::LayerRange own = layers_of(first_layers, placement.pipeline->rank(), layers);
  model_ = std::make_unique<nn::LayeredModel>(std::move(spec), own.first, own.last, options, 0);
}

Inference::~Inference() = default;

nn::Activations Inference::forward(nn::Activations inputs) const {
  for (auto& [name, tensor] : inputs)
    if (tensor.defined()) tensor = tensor.to(placement_.device);
  WeightsLoan weights(weights_);
  const nn::SharedWeights::Scope scope(weights.get());
  const nn::AutocastScope autocast(train::autocast_type(precision_), placement_.device);
  return model_->forward(std::move(inputs), {.training = false});
}

at::Tensor Inference::run(nn::Activations inputs) const {
  const c10::InferenceMode no_gradients;
  for (auto& [name, tensor] : inputs)
    if (tensor.is_floating_point()) tensor = tensor.to(train::storage_type(precision_));
  nn::Activations outputs = forward(std::move(inputs));
  if (pipeline_) outputs = pipeline_->pass_on(outputs);
  return std::move(outputs.at(spec().outputs.front()));
}

void Inference::serve() {
  const c10::InferenceMode no_gradients;
  pipeline_->serve([this](nn::Activations inputs) { return forward(std::move(inputs)); });
}

void Inference::end() {
  if (pipeline_) pipeline_->end();
}

}  // namespace echelon::predict
