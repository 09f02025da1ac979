// Which part of an image becomes the sample: pure arithmetic on sizes, after the definitions of
// torchvision.transforms.
#pragma once

#include <cstdint>

#include "common/random.h"
#include "image/image.h"

namespace echelon::image {

/// A rectangle in pixels of the source image; fractions arise when the source is decoded at a smaller scale.
struct Box {
  double left = 0, top = 0, width = 0, height = 0;
};

/// `box` of the source is resized to `resized`; the sample is the window of `size` × `size` of the result
/// that starts at (left, top). Where the window reaches over the edge the sample is black.
struct Geometry {
  Box box{};
  ImageSize resized{};
  int64_t left = 0, top = 0;
  int64_t size = 0;
  bool flip = false;         ///< mirrored left to right, after everything else
  bool upside_down = false;  ///< mirrored top to bottom, after everything else
};

/// Resize(resize) and CenterCrop(size): the shorter side becomes `resize` ≥ size pixels.
Geometry centre_crop(ImageSize source, int64_t resize, int64_t size);

/// RandomResizedCrop(size, scale, ratio): an area of `scale` of the image, a ratio of width to height drawn
/// evenly in its logarithm; after ten draws that do not fit, the largest central box of the nearest ratio.
struct ScaleRange {
  double scale_low = 0.08, scale_high = 1.0;
  double ratio_low = 3.0 / 4.0, ratio_high = 4.0 / 3.0;
};
Geometry random_resized_crop(ImageSize source, int64_t size, const ScaleRange& range, RandomStream& random);

/// Moves the window of a geometry by up to `shift` pixels each way, both axes independently: with resize =
/// size and a square source this is RandomCrop(size, padding=shift).
void shift_randomly(Geometry& geometry, int64_t shift, RandomStream& random);

/// The largest whole factor by which the source may be shrunk beforehand without showing: twice the
/// resolution that the resized box needs remains (`reducing_gap=2` of Pillow's thumbnail).
int reduction_that_leaves_detail(const Geometry& geometry);

}  // namespace echelon::image
