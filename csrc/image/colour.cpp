#include "image/colour.h"

namespace echelon::image {
namespace {

uint8_t multiply(int a, int b) {
  return static_cast<uint8_t>((a * b + 127) / 255);
}

}  // namespace

void row_to_grey(const uint8_t* colour, int64_t width, uint8_t* grey) {
  for (int64_t x = 0; x < width; ++x) grey[x] = luma(colour[3 * x], colour[3 * x + 1], colour[3 * x + 2]);
}

void row_from_cmyk(const uint8_t* cmyk, int64_t width, int channels, uint8_t* target) {
  for (int64_t x = 0; x < width; ++x, cmyk += 4) {
    const uint8_t red = multiply(cmyk[0], cmyk[3]);
    const uint8_t green = multiply(cmyk[1], cmyk[3]);
    const uint8_t blue = multiply(cmyk[2], cmyk[3]);
    if (channels == 1) {
      *target++ = luma(red, green, blue);
    } else {
      *target++ = red;
      *target++ = green;
      *target++ = blue;
    }
  }
}

void to_grey(const Image& colour, Image& grey) {
  grey.resize(colour.height, colour.width, 1);
  row_to_grey(colour.pixels.data(), colour.height * colour.width, grey.pixels.data());
}

void to_colour(const Image& grey, Image& colour) {
  colour.resize(grey.height, grey.width, 3);
  uint8_t* target = colour.pixels.data();
  for (const uint8_t pixel : grey.pixels) {
    for (int channel = 0; channel < 3; ++channel) *target++ = pixel;
  }
}

}  // namespace echelon::image
