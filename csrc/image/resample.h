// Antialiased bilinear resizing: a triangle filter as wide as two target pixels, or two source pixels when
// enlarging, in 8-bit steps with 22-bit weights, first across and then down. This is what Pillow's
// `resize(BILINEAR)` and so torchvision's `Resize` compute, bit for bit; only the pixels of the window that
// is asked for are made, from the source pixels that they need.
#pragma once

#include <cstdint>
#include <vector>

#include "image/filter.h"
#include "image/geometry.h"
#include "image/image.h"
#include "image/resample_kernels.h"

namespace echelon::image {

/// Takes the rows of an image as they are made.
class RowSink {
 public:
  /// Row `y`; `pixels` are valid during the call. Each row comes once, from the top.
  virtual void row(int64_t y, const uint8_t* pixels) = 0;

 protected:
  ~RowSink() = default;
};

/// Reuses its buffers from call to call. Not for several threads at once.
class Resampler {
 public:
  /// Makes ready for the window that `geometry` describes, in a source of that size, in which `geometry.box`
  /// must lie. Returns the part of the source that run() will read; empty when the window lies beside the
  /// image.
  PixelBox prepare(ImageSize source, const Geometry& geometry);

  /// Hands the rows of the window to `rows`. `part` must cover what prepare() returned. Flipping is left to
  /// others.
  void run(const ImagePart& part, RowSink& rows);
  void run(const ImagePart& part, Image& window);

  /// Both, of a whole image, into an image.
  void operator()(const Image& source, const Geometry& geometry, Image& output);

 private:
  void across(const ImagePart& part);
  void down(int64_t target, uint8_t* pixels);

  WindowFilter filter_;
  Image narrow_;  ///< the source rows that are needed, with the columns of the target
  NarrowRoom room_;
  std::vector<uint8_t> row_;
  std::vector<int32_t> sums_;
  std::vector<const uint8_t*> taps_;
};

}  // namespace echelon::image
