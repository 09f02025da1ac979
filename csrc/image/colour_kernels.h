// The inner loops of changing colours, in versions for several kinds of processor, all with the same result.
// Pixels are `count` of three channels, changed in place.
#pragma once

#include <cstdint>

namespace echelon::image {

/// adjust_saturation().
void saturate_pixels(uint8_t* pixels, int64_t count, float factor);

/// Adds `steps` 255ths of the colour circle to the hue, and wraps around at 256.
///
/// The hexagonal colour circle (Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978) in 8 bits a coordinate,
/// in the precision and with the rounding of Pillow's "HSV".
void turn_pixels_hue(uint8_t* pixels, int64_t count, uint8_t steps);

/// adjust_sharpness() of columns [begin, end) of one row; columns count channels.
void sharpen_row(const uint8_t* above, const uint8_t* row, const uint8_t* below, int64_t begin, int64_t end,
                 int64_t channels, float factor, uint8_t* target);

}  // namespace echelon::image
