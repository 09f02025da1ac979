#include "image/orientation.h"

namespace echelon::image {
namespace {

/// Orientation as three steps on the stored image: mirror its columns, mirror its rows, swap the axes.
struct Steps {
  bool mirror_columns, mirror_rows, swap;
};

Steps steps_of(int orientation) {
  switch (orientation) {
    case 2:
      return {true, false, false};
    case 3:
      return {true, true, false};
    case 4:
      return {false, true, false};
    case 5:
      return {false, false, true};
    case 6:
      return {false, true, true};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {false, false, false};
  }
}

template <class AnyBox>
AnyBox swapped(const AnyBox& box) {
  return {box.top, box.left, box.height, box.width};
}

template <class AnyBox>
AnyBox mirrored(AnyBox box, ImageSize size, const Steps& steps) {
  using Number = decltype(box.left);
  if (steps.mirror_columns) box.left = static_cast<Number>(size.width) - box.left - box.width;
  if (steps.mirror_rows) box.top = static_cast<Number>(size.height) - box.top - box.height;
  return box;
}

template <class AnyBox>
AnyBox turned_box(const AnyBox& box, ImageSize stored, int orientation) {
  const Steps steps = steps_of(orientation);
  const AnyBox result = mirrored(box, stored, steps);
  return steps.swap ? swapped(result) : result;
}

template <int kChannels>
void turn_pixels(const Image& stored, const Steps& steps, Image& upright) {
  for (int64_t y = 0; y < upright.height; ++y) {
    uint8_t* target = upright.row(y);
    for (int64_t x = 0; x < upright.width; ++x) {
      const int64_t column = steps.swap ? y : x, row = steps.swap ? x : y;
      const uint8_t* source = stored.row(steps.mirror_rows ? stored.height - 1 - row : row) +
                              (steps.mirror_columns ? stored.width - 1 - column : column) * kChannels;
      for (int c = 0; c < kChannels; ++c) *target++ = source[c];
    }
  }
}

}  // namespace

ImageSize turned(ImageSize size, int orientation) {
  return steps_of(orientation).swap ? ImageSize{size.width, size.height} : size;
}

PixelBox stored_box(const PixelBox& upright, ImageSize stored, int orientation) {
  const Steps steps = steps_of(orientation);
  return mirrored(steps.swap ? swapped(upright) : upright, stored, steps);
}

PixelBox upright_box(const PixelBox& box, ImageSize stored, int orientation) {
  return turned_box(box, stored, orientation);
}

Box upright_box(const Box& box, ImageSize stored, int orientation) {
  return turned_box(box, stored, orientation);
}

void turn(const Image& stored, int orientation, Image& upright) {
  const ImageSize size = turned(stored.size(), orientation);
  upright.resize(size.height, size.width, stored.channels);
  if (stored.channels == 1) {
    turn_pixels<1>(stored, steps_of(orientation), upright);
  } else {
    turn_pixels<3>(stored, steps_of(orientation), upright);
  }
}

}  // namespace echelon::image
