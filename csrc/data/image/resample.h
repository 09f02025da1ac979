// Antialiased bilinear resizing: a triangle filter as wide as two target pixels, or two source pixels when
// enlarging, in 8-bit steps with 22-bit weights, first across and then down. This is what Pillow's
// `resize(BILINEAR)` and so torchvision's `Resize` compute; only the pixels of the window that is asked for
// are made.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image/geometry.h"
#include "data/image/image.h"

namespace echelon::data {

/// Reuses its buffers from call to call. Not for several threads at once.
class Resampler {
 public:
  /// Fills `output` with the window that `geometry` describes; flipping is left to others. `geometry.box`
  /// must lie within `source`.
  void operator()(const Image& source, const Geometry& geometry, Image& output);

 private:
  /// For each target pixel of one axis the first source pixel and the weights of the following ones.
  struct Weights {
    int64_t begin = 0,
            end = 0;   ///< target pixels of the window that lie within the resized image, from its start
    int64_t taps = 0;  ///< weights for each target pixel, those not used being zero
    std::vector<int64_t> first;
    std::vector<int64_t> count;
    std::vector<int32_t> values;
  };

  struct Axis {
    int64_t source;        ///< pixels of the whole source
    double start, extent;  ///< of the box
    int64_t resized;       ///< pixels that the box becomes
    int64_t window_start, window;
  };
  static void weigh(const Axis& axis, Weights& weights);
  void across(const Image& source, int64_t first_row, int64_t last_row);
  void down(int64_t first_row, Image& output);

  Weights columns_, rows_;
  Image narrow_;  ///< the source rows that are needed, with the columns of the target
  std::vector<int32_t> sums_;
};

}  // namespace echelon::data
