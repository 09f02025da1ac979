// What a micro-batch of a run looks like, without its data.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/layered_model.h"
#include "train/settings.h"

namespace echelon::train {

struct SampleBatch {
  nn::Activations inputs;
  at::Tensor targets;
};

/// Inputs and targets of `micro_batch` samples as the settings' data would give them to the model: random
/// values, or on the meta device only shapes and types. Text: tokens and targets int64 [batch,
/// sequence_length]; images: [batch, channels, height, width] and int64 [batch], or float32 [batch, classes]
/// where samples are mixed; tables: as data/table/dataset.h, where the settings say what there is of them
/// (train/inputs.h).
SampleBatch make_sample_batch(const TrainSettings& settings, int64_t micro_batch, at::Device device);

}  // namespace echelon::train
