// Encoded image → one row of a batch.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <span>

#include "data/image/geometry.h"
#include "data/image/normalise.h"
#include "data/settings.h"

namespace echelon::data {

/// Decode, crop, resize, flip and normalise. Immutable and safe for several threads; each keeps its own
/// buffers.
class ImageTransform {
 public:
  /// `augment`: the random transforms of training; else resize and central crop.
  ImageTransform(const ImageSettings& settings, bool augment);

  /// Writes [channels, size, size] of `type` at `target`. The same key gives the same crop. Throws DataError.
  void operator()(std::span<const uint8_t> encoded, uint64_t key, at::ScalarType type, void* target) const;

  int64_t size() const { return size_; }
  int channels() const { return channels_; }

 private:
  Geometry choose(ImageSize source, uint64_t key) const;

  int64_t size_, resize_;
  int channels_;
  std::optional<AugmentSettings> augment_;
  ScaleRange range_;
  Normalisation normalisation_;
};

}  // namespace echelon::data
