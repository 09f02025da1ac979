// Mixup and CutMix on the batches of training (image/mix.h says what they are).
//
// They do not depend on how a global batch is spread: its draw is keyed by (seed, step), and the partner of a
// sample is the one before it in the global batch, as it is before it is mixed itself. So whoever loads a
// part of the batch loads one sample more: the partner of its first.
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "image/mix.h"

namespace echelon::data {

struct MixOptions {
  image::MixOptions alphas;
  image::ImageSize size;  ///< of the images, which decides on the box of CutMix and so on the targets
  int64_t classes = 0;
  bool enabled() const { return alphas.mixup_alpha > 0 || alphas.cutmix_alpha > 0; }
};

/// `batch` holds one row more than `batch.samples`, last the partner of the first. Takes that row away, mixes
/// each "image" with the one of the row before, and turns the target from classes, int64 [batch], into
/// probabilities, float32 [batch, classes]. Where only targets are loaded there are no images to mix.
/// `seed` is that of the job, `step` counts global batches from the beginning of training.
void mix_batch(const MixOptions& options, uint64_t seed, int64_t step, Batch& batch);

}  // namespace echelon::data
