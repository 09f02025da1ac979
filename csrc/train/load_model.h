// Weights of a checkpoint → model.
#pragma once

#include "checkpoint/checkpoint.h"
#include "nn/layered_model.h"

namespace echelon::train {

/// Copies the stored parameters and buffers into the parts of `model`. `average`: the averaged parameters in
/// place of the trained ones. Throws CheckpointError that names what is missing, unexpected or of another
/// shape.
void load_model(nn::LayeredModel& model, const checkpoint::Checkpoint& checkpoint, bool average);

}  // namespace echelon::train
