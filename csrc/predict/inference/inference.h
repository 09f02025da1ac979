// A model that is only asked.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "nn/layered_model.h"
#include "predict/inference/placement.h"
#include "predict/inference/weights_pool.h"
#include "train/settings.h"

namespace echelon::predict {

class StagePipeline;

/// Without gradients, in one number format, on one device or cut into stages over the ranks of a pipeline.
class Inference {
 public:
  /// Builds the layers that this rank has: all, or those of its stage. Stages have about as many bytes of
  /// parameters as each other. Throws ConfigError where there are more ranks than layers.
  Inference(nn::ModelSpec spec, train::Precision precision, const Placement& placement);
  ~Inference();
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  const nn::ModelSpec& spec() const { return model_->spec(); }
  /// To be loaded, before anything is asked.
  nn::LayeredModel& model() { return *model_; }
  at::Device device() const { return placement_.device; }

  /// The model's first output, on the device. Inputs of real numbers are converted to the model's type.
  /// Several threads ask at once. On the first stage's rank; throws CommError where another is gone.
  at::Tensor run(nn::Activations inputs) const;
  /// On the ranks of the other stages: computes what the first stage asks for, until that ends.
  void serve();
  /// On the first stage's rank, once: ends the other stages' serve(). Nothing where there are none.
  void end();

 private:
  nn::Activations forward(nn::Activations inputs) const;

  train::Precision precision_;
  Placement placement_;
  /// forward() takes no gradients here and changes nothing; it is just not const.
  std::unique_ptr<nn::LayeredModel> model_;
  mutable WeightsPool weights_;
  std::unique_ptr<StagePipeline> pipeline_;
};

}  // namespace echelon::predict
