#include "data/image/colour.h"

namespace echelon::data {
namespace {

uint8_t multiply(int a, int b) {
  return static_cast<uint8_t>((a * b + 127) / 255);
}

}  // namespace

void to_grey(const Image& colour, Image& grey) {
  grey.resize(colour.height, colour.width, 1);
  const uint8_t* source = colour.pixels.data();
  for (uint8_t& pixel : grey.pixels) {
    pixel = luma(source[0], source[1], source[2]);
    source += 3;
  }
}

void to_colour(const Image& grey, Image& colour) {
  colour.resize(grey.height, grey.width, 3);
  uint8_t* target = colour.pixels.data();
  for (const uint8_t pixel : grey.pixels) {
    for (int channel = 0; channel < 3; ++channel) *target++ = pixel;
  }
}

void cmyk_to_image(std::span<const uint8_t> cmyk, Image& image) {
  uint8_t* target = image.pixels.data();
  for (size_t i = 0; i + 4 <= cmyk.size(); i += 4) {
    const uint8_t red = multiply(cmyk[i], cmyk[i + 3]);
    const uint8_t green = multiply(cmyk[i + 1], cmyk[i + 3]);
    const uint8_t blue = multiply(cmyk[i + 2], cmyk[i + 3]);
    if (image.channels == 1) {
      *target++ = luma(red, green, blue);
    } else {
      *target++ = red;
      *target++ = green;
      *target++ = blue;
    }
  }
}

}  // namespace echelon::data
