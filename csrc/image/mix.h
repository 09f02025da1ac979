// Mixup (Zhang et al., arXiv 1710.09412) and CutMix (Yun et al., arXiv 1905.04899), as
// torchvision.transforms.v2 defines them: one draw for a batch, in which each sample is mixed with the one
// before it and the first with the last.
//
// A batch here is a pure function of (seed, epoch, position), however it is cut into ranks and micro-batches:
// "batch" means the global batch. Its draw comes from a RandomStream keyed by the step alone (mix_stream), so
// that everyone who loads a piece of it draws the same; a sample's partner is the one at mix_partner() of its
// place in the global batch, loaded with the partner's own key, as it is before it is mixed itself. Who loads
// places [a, b) loads b - a + 1 samples.
#pragma once

#include <cstdint>
#include <span>

#include "common/random.h"
#include "image/element.h"
#include "image/image.h"

namespace echelon::image {

/// Parameters of the symmetric Beta distributions; 0: never. Where both are given each serves half of the
/// batches.
struct MixOptions {
  double mixup_alpha = 0, cutmix_alpha = 0;
};

/// What is done to a whole batch.
struct BatchMix {
  enum class Kind { kNone, kMixup, kCutmix };
  Kind kind = Kind::kNone;
  double weight =
      1;  ///< of the sample itself, in its pixels (Mixup) and in its target; the partner has the rest
  PixelBox box{};  ///< CutMix: what comes from the partner; may be empty
};

/// A number in [0, 1] from Beta(alpha, alpha), alpha > 0.
double draw_beta(double alpha, RandomStream& random);

/// The stream of one batch: `step` counts global batches from the beginning of training.
RandomStream mix_stream(uint64_t seed, uint64_t step);

BatchMix draw_mix(const MixOptions& options, ImageSize size, RandomStream& random);

/// The place in a global batch of `samples` of the sample that is mixed into the one at `place`.
int64_t mix_partner(int64_t place, int64_t samples);

/// Mixes `partner` into `planes`, both [channels, height, width] of real numbers. Mixup rounds as torch does
/// in float32 and float64; in 16 bits it computes in float32 and rounds once.
void mix_planes(const BatchMix& mix, int channels, ImageSize size, ElementType type, void* planes,
                const void* partner);

/// Class probabilities of a mixed sample.
void mix_target(const BatchMix& mix, int64_t label, int64_t partner_label, std::span<float> probabilities);

}  // namespace echelon::image
