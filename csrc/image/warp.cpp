#include "image/warp.h"

#include <algorithm>
#include <cmath>
#include <numbers>

// Compiled without contraction to fused multiply-adds, which would round other than Pillow does.

namespace echelon::image {
namespace {

constexpr int kFraction = 16;

int64_t fixed(double value) {
  return static_cast<int64_t>(std::floor(value * (1 << kFraction) + 0.5));
}

/// To 15 decimals: a quarter turn is one exactly.
double rounded(double value) {
  return std::round(value * 1e15) / 1e15;
}

}  // namespace

Affine translation(double x, double y) {
  return {.x0 = -x, .y0 = -y};
}

Affine shear(double x, double y) {
  return {.xy = x, .yx = y};
}

Affine rotation(double degrees, ImageSize size) {
  const double angle = -degrees * std::numbers::pi / 180.0;
  const double cosine = rounded(std::cos(angle)), sine = rounded(std::sin(angle));
  const double x = static_cast<double>(size.width) / 2, y = static_cast<double>(size.height) / 2;
  return {cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y};
}

void warp(const Image& source, const Affine& affine, Image& target) {
  target.resize(source.height, source.width, source.channels);
  std::fill(target.pixels.begin(), target.pixels.end(), 0);
  const int64_t channels = source.channels;
  const int64_t xx = fixed(affine.xx), xy = fixed(affine.xy), yx = fixed(affine.yx), yy = fixed(affine.yy);
  const int64_t x0 = fixed(affine.x0 + affine.xx * 0.5 + affine.xy * 0.5);
  const int64_t y0 = fixed(affine.y0 + affine.yx * 0.5 + affine.yy * 0.5);
  for (int64_t y = 0; y < target.height; ++y) {
    uint8_t* pixel = target.row(y);
    for (int64_t x = 0; x < target.width; ++x, pixel += channels) {
      const int64_t column = (x0 + xx * x + xy * y) >> kFraction, row = (y0 + yx * x + yy * y) >> kFraction;
      if (column < 0 || column >= source.width || row < 0 || row >= source.height) continue;
      std::copy_n(source.row(row) + column * channels, channels, pixel);
    }
  }
}

}  // namespace echelon::image
