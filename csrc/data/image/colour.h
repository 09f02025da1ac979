// Conversions between colour spaces.
#pragma once

#include <span>

#include "data/image/image.h"

namespace echelon::data {

/// ITU-R 601 luma in 16-bit fixed point: 0.299 red + 0.587 green + 0.114 blue, rounded.
inline uint8_t luma(int red, int green, int blue) {
  return static_cast<uint8_t>((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16);
}

/// Three channels → one.
void to_grey(const Image& colour, Image& grey);

/// One channel → three.
void to_colour(const Image& grey, Image& colour);

/// Ink in [height, width, 4] as Adobe stores it (0: full) → the 1 or 3 channels that `image` is sized for.
void cmyk_to_image(std::span<const uint8_t> cmyk, Image& image);

}  // namespace echelon::data
