#include "image/placement.h"

#include <algorithm>

#include "image/orientation.h"

namespace echelon::image {
namespace {

/// What lies within `size`, if anything does.
std::optional<Box> clipped(const Box& box, ImageSize size) {
  const double left = std::max(box.left, 0.0), top = std::max(box.top, 0.0);
  const double right = std::min(box.left + box.width, static_cast<double>(size.width));
  const double bottom = std::min(box.top + box.height, static_cast<double>(size.height));
  if (right <= left || bottom <= top) return std::nullopt;
  return Box{left, top, right - left, bottom - top};
}

Box resized(const Box& box, const Geometry& geometry) {
  const double across = static_cast<double>(geometry.resized.width) / geometry.box.width;
  const double down = static_cast<double>(geometry.resized.height) / geometry.box.height;
  return {(box.left - geometry.box.left) * across - static_cast<double>(geometry.left),
          (box.top - geometry.box.top) * down - static_cast<double>(geometry.top), box.width * across,
          box.height * down};
}

}  // namespace

std::optional<Box> place_upright_box(const Box& upright, const Placement& placement) {
  const Geometry& geometry = placement.geometry;
  const std::optional<Box> within = clipped(upright, turned(placement.stored, placement.orientation));
  if (!within) return std::nullopt;
  std::optional<Box> box = clipped(resized(*within, geometry), {geometry.size, geometry.size});
  if (!box) return std::nullopt;
  const auto size = static_cast<double>(geometry.size);
  if (geometry.flip) box->left = size - box->left - box->width;
  if (geometry.upside_down) box->top = size - box->top - box->height;
  return box;
}

std::optional<Box> place_box(const Box& stored, const Placement& placement) {
  return place_upright_box(upright_box(stored, placement.stored, placement.orientation), placement);
}

}  // namespace echelon::image
