#include "image/normalise_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/vectorized.h"

namespace echelon::image {
namespace {

constexpr int kFloatBits = 24;

ECHELON_INLINE void write_plane(const uint8_t* pixels, int64_t width, bool mirrored, const SplitLine& line,
                                float* target) {
  if (mirrored) {
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) target[x] = line(pixels[width - 1 - x]);
  } else {
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) target[x] = line(pixels[x]);
  }
}

}  // namespace

std::optional<SplitLine> split_line(double slope, double offset, const std::array<float, 256>& values) {
  // Upper parts are multiples of `unit`, and so is all that is computed with them, within 24 bits.
  const double largest = std::max({std::abs(255 * slope), std::abs(offset), std::abs(255 * slope + offset)});
  const double unit = std::ldexp(1.0, std::ilogb(largest) + 1 - kFloatBits);
  const double slope_part = std::round(slope / unit) * unit, offset_part = std::round(offset / unit) * unit;
  const SplitLine line{static_cast<float>(slope_part), static_cast<float>(offset_part),
                       static_cast<float>(slope - slope_part), static_cast<float>(offset - offset_part)};
  for (int pixel = 0; pixel < 256; ++pixel) {
    const float value = line(static_cast<uint8_t>(pixel));
    if (std::bit_cast<uint32_t>(value) != std::bit_cast<uint32_t>(values[pixel])) return std::nullopt;
  }
  return line;
}

ECHELON_VECTORIZED void normalise_colour(const ColourRow& row, const SplitLine* lines, uint8_t* room) {
  const int64_t width = row.width;
  const uint8_t* __restrict pixels = row.pixels;
  uint8_t* __restrict red = room;
  uint8_t* __restrict green = red + width;
  uint8_t* __restrict blue = green + width;
#pragma omp simd
  for (int64_t x = 0; x < width; ++x) {
    red[x] = pixels[3 * x];
    green[x] = pixels[3 * x + 1];
    blue[x] = pixels[3 * x + 2];
  }
  for (int c = 0; c < 3; ++c) write_plane(room + c * width, width, row.mirrored, lines[c], row.targets[c]);
}

}  // namespace echelon::image
