// What a pipeline computes; the runtime decides when.
#pragma once

#include <cstdint>
#include <optional>

#include "nn/layered_model.h"

namespace echelon::parallel {

/// Of one rank, in training. A part is one of the rank's stages, counted from 0.
class StageWork {
 public:
  virtual ~StageWork() = default;
  /// The model's inputs; asked of the rank with the first stage.
  virtual nn::Activations inputs(int64_t micro_batch) = 0;
  /// Runs the layers of a part, with gradients recorded.
  virtual nn::Activations forward(size_t part, nn::Activations inputs, int64_t micro_batch) = 0;
  /// What is differentiated, from the model's outputs: 0-dimensional. Asked of the rank with the last stage.
  virtual at::Tensor loss(const nn::Activations& outputs, int64_t micro_batch) = 0;
  /// Called before the last backward pass of a part in a step: its gradients become final from here on.
  virtual void begin_reduction(size_t part) = 0;
  /// Whether they are then reduced while that pass goes on, each when its hook is called.
  virtual bool reduces_in_backward() const = 0;
  /// Called while the rank would wait for another: does a little of what it will need. False when there is
  /// nothing left to do.
  virtual bool use_idle_time() { return false; }
};

/// Of one rank, in evaluation: no gradients.
class InferenceWork {
 public:
  virtual ~InferenceWork() = default;
  /// Nothing where the batch holds no sample; then nothing is computed for it.
  virtual std::optional<nn::Activations> inputs(int64_t batch) = 0;
  virtual nn::Activations forward(size_t part, nn::Activations inputs, int64_t batch) = 0;
  virtual void outputs(const nn::Activations& outputs, int64_t batch) = 0;
};

}  // namespace echelon::parallel
