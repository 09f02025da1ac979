// A model that is only asked.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "nn/layered_model.h"
#include "predict/inference/placement.h"
#include "predict/inference/weights_pool.h"
#include "train/settings.h"

namespace echelon::predict {

class StagePipeline;

/// How a model is run.
struct Passes {
  /// Of all layers, in order. A rank that has a stage has of each part what lies in its stage, be it nothing.
  std::vector<nn::LayerRange> parts;
  /// One pass through the layers of a rank: its inputs, or what the rank before it made, to what the next
  /// rank gets, or the one that asked. Inputs lie on any device. Several threads at once.
  std::function<nn::Activations(nn::LayeredModel& model, nn::Activations inputs)> run;
  /// Of the activations that `run` takes or makes, how many the model does not know, at most.
  int64_t own_activations = 0;
};

/// One pass through all layers, from the model's inputs to its outputs, on `device`.
Passes whole_passes(const nn::ModelSpec& spec, at::Device device);

/// Without gradients, in one number format, on one device or cut into stages over the ranks of a pipeline.
class Inference {
 public:
  /// Builds the layers that this rank has: all, or those of its stage. Stages have about as many bytes of
  /// parameters as each other. Throws ConfigError where there are more ranks than layers.
  Inference(nn::ModelSpec spec, train::Precision precision, const Placement& placement, Passes passes);
  /// In whole_passes().
  Inference(const nn::ModelSpec& spec, train::Precision precision, const Placement& placement);
  ~Inference();
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  const nn::ModelSpec& spec() const { return model_->spec(); }
  /// To be loaded, before anything is asked.
  nn::LayeredModel& model() { return *model_; }
  at::Device device() const { return placement_.device; }

  /// What a pass through all stages makes of `inputs`. Several threads ask at once. On the first stage's
  /// rank; throws CommError where another is gone.
  nn::Activations ask(nn::Activations inputs) const;
  /// Of a model in whole_passes(): its first output. Inputs of real numbers are converted to its type.
  at::Tensor run(nn::Activations inputs) const;
  /// On the ranks of the other stages: computes what the first stage asks for, until that ends.
  void serve();
  /// On the first stage's rank, once: ends the other stages' serve(). Nothing where there are none.
  void end();

 private:
  nn::Activations pass(nn::Activations inputs) const;

  train::Precision precision_;
  Placement placement_;
  Passes passes_;
  /// A pass takes no gradients here and changes nothing; it is just not const.
  std::unique_ptr<nn::LayeredModel> model_;
  mutable WeightsPool weights_;
  std::unique_ptr<StagePipeline> pipeline_;
};

}  // namespace echelon::predict
