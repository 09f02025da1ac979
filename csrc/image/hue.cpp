// The hexagonal colour circle (Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978) in 8 bits a coordinate,
// in the precision and with the rounding of Pillow's "HSV". Compiled without contraction to fused
// multiply-adds.
#include <algorithm>

#include "image/adjust.h"

namespace echelon::image {
namespace {

struct Hsv {
  uint8_t hue, saturation, value;
};

Hsv to_hsv(const uint8_t* pixel) {
  const int red = pixel[0], green = pixel[1], blue = pixel[2];
  const int most = std::max({red, green, blue}), least = std::min({red, green, blue});
  if (most == least) return {0, 0, static_cast<uint8_t>(most)};
  const auto range = static_cast<float>(most - least);
  const float from_red = static_cast<float>(most - red) / range;
  const float from_green = static_cast<float>(most - green) / range;
  const float from_blue = static_cast<float>(most - blue) / range;
  float sixth = from_blue - from_green;
  if (red != most)
    sixth = green == most ? static_cast<float>(2.0 + from_red - from_blue)
                          : static_cast<float>(4.0 + from_green - from_red);
  const double turns = sixth / 6.0 + 1.0;  // 0 to 2, of which the fraction counts
  const auto hue = static_cast<float>(turns < 1.0 ? turns : turns - 1.0);
  const float saturation = range / static_cast<float>(most);
  return {static_cast<uint8_t>(static_cast<int>(hue * 255.0)),
          static_cast<uint8_t>(static_cast<int>(saturation * 255.0)), static_cast<uint8_t>(most)};
}

uint8_t nearest(double value) {
  return static_cast<uint8_t>(static_cast<int>(value + 0.5));  // of 0 to 255
}

void from_hsv(const Hsv& colour, uint8_t* pixel) {
  const uint8_t v = colour.value;
  if (colour.saturation == 0) {
    std::fill_n(pixel, 3, v);
    return;
  }
  const auto sector = static_cast<int>(static_cast<float>(colour.hue) * 6.0 / 255.0);
  const auto within =
      static_cast<float>(static_cast<float>(colour.hue) * 6.0 / 255.0 - static_cast<float>(sector));
  const auto share = static_cast<float>(static_cast<float>(colour.saturation) / 255.0);
  const uint8_t least = nearest(v * (1.0 - share));
  const uint8_t falling = nearest(v * (1.0 - share * within));
  const uint8_t rising = nearest(v * (1.0 - share * (1.0 - within)));
  const uint8_t sectors[6][3] = {{v, rising, least},  {falling, v, least}, {least, v, rising},
                                 {least, falling, v}, {rising, least, v},  {v, least, falling}};
  std::copy_n(sectors[sector % 6], 3, pixel);
}

}  // namespace

void adjust_hue(Image& image, double turn) {
  if (image.channels == 1) return;
  const auto steps = static_cast<uint8_t>(static_cast<int>(turn * 255));
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    Hsv colour = to_hsv(&image.pixels[i]);
    colour.hue = static_cast<uint8_t>(colour.hue + steps);
    from_hsv(colour, &image.pixels[i]);
  }
}

}  // namespace echelon::image
