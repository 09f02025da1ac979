// The inner loops of normalising.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace echelon::image {

/// slope · pixel + offset, each in two parts of float32. With the upper parts the arithmetic is exact, so
/// that only adding the lower ones rounds.
struct SplitLine {
  float slope = 0, offset = 0;
  float slope_rest = 0, offset_rest = 0;

  float operator()(uint8_t pixel) const {
    const auto value = static_cast<float>(pixel);
    return (value * slope + offset) + (value * slope_rest + offset_rest);
  }
};

/// The line through the values of all pixels, where there is one that gives each to the bit: nearly always,
/// if they are slope · pixel + offset rounded once.
std::optional<SplitLine> split_line(double slope, double offset, const std::array<float, 256>& values);

/// A row of three interleaved channels, mirrored or not → one row of each plane.
struct ColourRow {
  const uint8_t* pixels;
  int64_t width;
  bool mirrored;
  std::array<float*, 3> targets;
};
/// `room`: for 3 · width bytes.
void normalise_colour(const ColourRow& row, const SplitLine* lines, uint8_t* room);

}  // namespace echelon::image
