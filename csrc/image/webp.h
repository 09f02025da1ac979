// WebP through libwebp: lossy and lossless, with and without alpha, still or animated.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"

namespace echelon::image {

struct WebpHeader {
  ImageSize size{};  ///< of the canvas
  bool is_animated = false;
  int orientation = 1;  ///< from the EXIF or XMP chunk (orientation.h)
};

/// Throws DataError.
WebpHeader read_webp_header(std::span<const uint8_t> encoded);

/// Decodes to three channels; transparency is dropped. Of an animation the first frame, on a black canvas.
/// Throws DataError.
void decode_webp(std::span<const uint8_t> encoded, const WebpHeader& header, Image& image);

/// Of one or three channels; always stored as colour. `quality`: 0 to 100, or lossless where it is above 100.
std::vector<uint8_t> encode_webp(const Image& image, float quality);

}  // namespace echelon::image
