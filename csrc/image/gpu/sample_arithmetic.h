// Planes of a JPEG → sample, in three steps of one element each: colours, resizing across, resizing down with
// normalisation. Whole numbers alone, so that every processor gives the same; given the same planes, the
// results are those of ImageTransform to the bit. `constexpr` functions: nvcc compiles them for the GPU, too.
#pragma once

#include <cstdint>

#include "image/colour.h"
#include "image/filter.h"
#include "image/gpu/sample_plan.h"

namespace echelon::image {

constexpr int within(int value, int low, int high) {
  return value < low ? low : value > high ? high : value;
}

/// A sample of Cb or Cr at pixel (x, y) of the picture. Between samples a triangle filter: three quarters of
/// the nearest and one of the next, along each halved axis; what is half is rounded down and up in turn. This
/// is what libjpeg calls "fancy upsampling".
constexpr int chroma_at(const uint8_t* plane, const YccPlanes& planes, int x, int y) {
  const int column = planes.half_across ? x / 2 : x, row = planes.half_down ? y / 2 : y;
  const uint8_t* near = plane + row * planes.chroma_pitch;
  if (!planes.half_across) return near[column];
  const int next = within(x % 2 == 0 ? column - 1 : column + 1, 0, planes.chroma_width - 1);
  if (!planes.half_down) return (3 * near[column] + near[next] + (x % 2 == 0 ? 1 : 2)) >> 2;
  const int other = within(y % 2 == 0 ? row - 1 : row + 1, 0, planes.chroma_height - 1);
  const uint8_t* far = plane + other * planes.chroma_pitch;
  const int here = 3 * near[column] + far[column], beside = 3 * near[next] + far[next];
  return (3 * here + beside + (x % 2 == 0 ? 8 : 7)) >> 4;
}

/// Red, green and blue.
struct Colour {
  uint8_t red, green, blue;
};

/// ITU-T T.871 (JFIF), with factors of 16 fractional bits.
constexpr Colour colour_of(int luma, int blue, int red) {
  constexpr int kHalf = 1 << 15;
  constexpr int kRed = 91881, kGreenOfBlue = 22554, kGreenOfRed = 46802, kBlue = 116130;
  const int cb = blue - 128, cr = red - 128;
  const int green = luma + ((kHalf - kGreenOfBlue * cb - kGreenOfRed * cr) >> 16);
  return {static_cast<uint8_t>(within(luma + ((kRed * cr + kHalf) >> 16), 0, 255)),
          static_cast<uint8_t>(within(green, 0, 255)),
          static_cast<uint8_t>(within(luma + ((kBlue * cb + kHalf) >> 16), 0, 255))};
}

/// Step 1: pixel (x, y) of the part of the stored picture that is needed → its place in `colours`.
constexpr void make_colour(const SamplePlan& plan, int x, int y, uint8_t* colours) {
  const YccPlanes& planes = plan.planes;
  const int column = static_cast<int>(plan.part.left) + x, row = static_cast<int>(plan.part.top) + y;
  const Colour colour =
      colour_of(planes.luma[row * planes.pitch + column], chroma_at(planes.blue, planes, column, row),
                chroma_at(planes.red, planes, column, row));
  uint8_t* target = colours + (y * plan.part.width + x) * plan.channels;
  if (plan.channels == 1) {
    target[0] = luma(colour.red, colour.green, colour.blue);
  } else {
    target[0] = colour.red;
    target[1] = colour.green;
    target[2] = colour.blue;
  }
}

/// Σ weights[i] · pixels[i · step], rounded.
constexpr uint8_t weigh_pixels(const uint8_t* pixels, int64_t step, const int32_t* weights, int count) {
  int sum = 1 << (kWeightBits - 1);
  for (int i = 0; i < count; ++i) sum += weights[i] * pixels[i * step];
  return static_cast<uint8_t>(within(sum >> kWeightBits, 0, 255));
}

/// Step 2: number `x` of the columns that lie within the image, in row `y` of the upright part → its place in
/// `narrow`.
constexpr void make_narrow(const SamplePlan& plan, const uint8_t* colours, int x, int y, uint8_t* narrow) {
  const PlannedAxis& axis = plan.across;
  const int64_t pixel = plan.origin + axis.first[x] * plan.step_x + y * plan.step_y;
  uint8_t* target = narrow + (int64_t{y} * (axis.end - axis.begin) + x) * plan.channels;
  for (int channel = 0; channel < plan.channels; ++channel)
    target[channel] = weigh_pixels(colours + pixel * plan.channels + channel, plan.step_x * plan.channels,
                                   axis.weights + int64_t{x} * axis.taps, axis.count[x]);
}

/// Pixel (x, y) of the sample, before it is mirrored; black beside the image.
constexpr int sample_pixel(const SamplePlan& plan, const uint8_t* narrow, int x, int y, int channel) {
  const PlannedAxis &across = plan.across, &down = plan.down;
  if (x < across.begin || x >= across.end || y < down.begin || y >= down.end) return 0;
  const int64_t stride = int64_t{across.end - across.begin} * plan.channels;
  const int row = y - down.begin, column = x - across.begin;
  return weigh_pixels(narrow + down.first[row] * stride + int64_t{column} * plan.channels + channel, stride,
                      down.weights + int64_t{row} * down.taps, down.count[row]);
}

/// Step 3: that pixel, normalised → its place in `target`, [channels, window, window]. `Element` is any
/// number of plan.element_bytes, for it is only copied.
template <class Element>
constexpr void make_element(const SamplePlan& plan, const uint8_t* narrow, int x, int y, int channel,
                            Element* target) {
  const int column = plan.left_right ? plan.window - 1 - x : x;
  const int row = plan.top_bottom ? plan.window - 1 - y : y;
  const auto* table = static_cast<const Element*>(plan.table) + channel * 256;
  target[(int64_t{channel} * plan.window + row) * plan.window + column] =
      table[sample_pixel(plan, narrow, x, y, channel)];
}

/// Calls `use` with a null pointer to a number of `bytes`.
template <class Use>
void with_element(int32_t bytes, const Use& use) {
  if (bytes == 1) return use(static_cast<uint8_t*>(nullptr));
  if (bytes == 2) return use(static_cast<uint16_t*>(nullptr));
  if (bytes == 4) return use(static_cast<uint32_t*>(nullptr));
  use(static_cast<uint64_t*>(nullptr));
}

}  // namespace echelon::image
