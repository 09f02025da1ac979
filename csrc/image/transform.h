// Encoded image → one row of a batch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image/augment.h"
#include "image/decoder.h"
#include "image/element.h"
#include "image/geometry.h"
#include "image/normalise.h"
#include "image/placement.h"

namespace echelon::image {

struct TransformOptions {
  int64_t size = 224;    ///< of the sample, each way
  int64_t resize = 224;  ///< the shorter side before a central crop
  int channels = 3;
  std::vector<double> mean{}, deviation{};     ///< one a channel; empty: 0 and 1
  std::optional<Augmentation> augmentation{};  ///< none: resize and central crop
};

/// Which part of the image that `decoder` has opened, of size `upright`, becomes the sample: the first that
/// is drawn from `random`.
Placement place_sample(const TransformOptions& options, const ImageDecoder& decoder, ImageSize upright,
                       RandomStream& random);

/// Decode, crop, resize, augment, flip and normalise. Only the part of the image that the crop needs is
/// decoded, and a JPEG of more than twice the resolution that the sample needs is shrunk while it is decoded.
/// Immutable and safe for several threads; each keeps its own buffers.
class ImageTransform {
 public:
  explicit ImageTransform(TransformOptions options);

  /// Writes [channels, size, size] of `type` at `target`. The same key gives the same sample. Returns which
  /// part of the image that is; what RandAugment moves is not in it. Throws DataError.
  Placement operator()(std::span<const uint8_t> encoded, uint64_t key, ElementType type, void* target) const;

  int64_t size() const { return options_.size; }
  int channels() const { return options_.channels; }

 private:
  TransformOptions options_;
  Normalisation normalisation_;
};

}  // namespace echelon::image
