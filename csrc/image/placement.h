// Where a stored image comes to lie in its sample, and with it what is known of places in it.
#pragma once

#include <optional>

#include "image/geometry.h"
#include "image/image.h"

namespace echelon::image {

/// What became of an image: it was turned upright (orientation.h), and then cut, resized and mirrored.
struct Placement {
  ImageSize stored{};
  int orientation = 1;
  Geometry geometry{};  ///< of the upright image
};

/// Where a rectangle of the stored image lies in the sample, both in pixels with 0 at the left and upper edge
/// of the first, cut off at the edges of image and sample; nothing where no part of it is seen.
std::optional<Box> place_box(const Box& stored, const Placement& placement);

/// The same of a rectangle of the upright image.
std::optional<Box> place_upright_box(const Box& upright, const Placement& placement);

}  // namespace echelon::image
