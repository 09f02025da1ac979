// Shifting, shearing and turning, as torchvision's functional `affine` and `rotate` do on Pillow images with
// the interpolation "nearest": each target pixel takes the source pixel that its centre falls into; what lies
// outside is black.
#pragma once

#include "image/image.h"

namespace echelon::image {

/// Source place of a target place (x, y): (xx · x + xy · y + x0, yx · x + yy · y + y0).
struct Affine {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;
};

/// The content moves right by `x` and down by `y` pixels.
Affine translation(double x, double y);

/// Columns (`x`) or rows (`y`) move in proportion to the distance from the top or left edge: by tangents.
Affine shear(double x, double y);

/// Anticlockwise about the middle of an image of `size`.
Affine rotation(double degrees, ImageSize size);

/// Places in 16 fractional bits, as Pillow computes them.
void warp(const Image& source, const Affine& affine, Image& target);

}  // namespace echelon::image
