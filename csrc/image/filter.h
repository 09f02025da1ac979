// The weights of antialiased bilinear resizing: a triangle filter as wide as two target pixels, or two source
// pixels when enlarging, in whole numbers of kWeightBits fractional bits.
#pragma once

#include <cstdint>
#include <vector>

#include "image/geometry.h"
#include "image/image.h"

namespace echelon::image {

constexpr int kWeightBits = 22;  // weights sum to 2^22: times 255 it fits in 31 bits

/// For each target pixel of one axis the first source pixel and the weights of the following ones.
struct FilterWeights {
  int64_t begin = 0,
          end = 0;   ///< target pixels of the window that lie within the resized image, from its start
  int64_t taps = 0;  ///< weights for each target pixel, those not used being zero
  std::vector<int64_t> first;
  std::vector<int64_t> count;
  std::vector<int32_t> values;  ///< [end - begin, taps]
  std::vector<double> exact;    ///< of one target pixel, while they are computed

  int64_t source_begin() const { return first.front(); }
  int64_t source_end() const { return first.back() + count.back(); }
};

/// Of both axes, for the window of a geometry. Reuses its memory from call to call.
struct WindowFilter {
  FilterWeights columns, rows;
  int64_t window = 0;

  /// Returns the part of a source of that size that the window is made of, in which `geometry.box` must lie;
  /// empty when the window lies beside the image.
  PixelBox prepare(ImageSize source, const Geometry& geometry);
  bool is_empty() const { return rows.first.empty() || columns.first.empty(); }
};

}  // namespace echelon::image
