// Turning an image as its EXIF orientation says, so that row 0 is the top of the scene:
//
//   1 upright                      5 mirrored at the diagonal from the top left (transposed)
//   2 mirrored left to right       6 to be turned a quarter clockwise
//   3 upside down                  7 mirrored at the other diagonal
//   4 mirrored top to bottom       8 to be turned a quarter anticlockwise
//
// "Stored" is the image as the file has it, "upright" as it is to be seen.
#pragma once

#include "image/geometry.h"
#include "image/image.h"

namespace echelon::image {

/// Sides are swapped by 5 to 8. The same in both directions.
ImageSize turned(ImageSize size, int orientation);

/// Where a part of the upright image lies in the stored one of size `stored`.
PixelBox stored_box(const PixelBox& upright, ImageSize stored, int orientation);

/// Where a part of the stored image of size `stored` lies in the upright one.
PixelBox upright_box(const PixelBox& box, ImageSize stored, int orientation);
Box upright_box(const Box& box, ImageSize stored, int orientation);

/// Stored pixels → upright pixels.
void turn(const Image& stored, int orientation, Image& upright);

}  // namespace echelon::image
