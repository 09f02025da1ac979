// Finding where a value that is not finite (NaN or infinite) came from.
#pragma once

#include <string>

#include "train/training_step.h"

namespace echelon::train {

/// Runs step `step` once more, with the same data and random numbers but without reduction, and looks at
/// every layer's output in order and then at every gradient in backward's order. Returns, on every rank, the
/// first at fault: "step 120, rank 1: the output of layer block.3 is not finite (first in micro-batch 0)".
/// Collective; leaves the gradients unusable and the running statistics changed.
std::string locate_not_finite(TrainingStep& training_step, const nn::ModelSpec& spec,
                              parallel::ModelGradients& gradients, data::TrainLoader* loader,
                              Communicator& comm, int64_t step);

}  // namespace echelon::train
