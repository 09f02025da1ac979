// Whole images made smaller or larger, of any shape: for files that are stored anew, and for thumbnails.
#pragma once

#include <cstdint>

#include "image/decoder.h"
#include "image/image.h"
#include "image/resample.h"

namespace echelon::image {

/// The size whose shorter side is `shorter` pixels, and the other in proportion, rounded down: that of
/// torchvision's Resize(shorter).
ImageSize with_shorter_side(ImageSize size, int64_t shorter);

/// Reuses its buffers. Not for several threads at once.
class Resizer {
 public:
  /// Decodes the image that was given to decoder.open(), to 1 or 3 channels, and resizes it to `size` as
  /// resample.h says. A JPEG is shrunk while it is decoded where twice the resolution of `size` remains.
  /// Throws DataError. Valid until the next call.
  const Image& operator()(ImageDecoder& decoder, ImageSize source, int channels, ImageSize size);

 private:
  Resampler resampler_;
  Image resized_;
};

}  // namespace echelon::image
