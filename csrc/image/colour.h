// Conversions between colour spaces.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace echelon::image {

/// ITU-R 601 luma in 16-bit fixed point: 0.299 red + 0.587 green + 0.114 blue, rounded.
constexpr uint8_t luma(int red, int green, int blue) {
  return static_cast<uint8_t>((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16);
}

/// `width` pixels of three channels → one.
void row_to_grey(const uint8_t* colour, int64_t width, uint8_t* grey);

/// `width` pixels of ink as Adobe stores it (four channels, 0: full) → 1 or 3 channels.
void row_from_cmyk(const uint8_t* cmyk, int64_t width, int channels, uint8_t* target);

/// Three channels → one.
void to_grey(const Image& colour, Image& grey);

/// One channel → three.
void to_colour(const Image& grey, Image& colour);

}  // namespace echelon::image
