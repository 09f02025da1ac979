#include "image/colour_kernels.h"

#include "common/vectorized.h"

// Compiled without contraction to fused multiply-adds, which would round other than Pillow does. Choices are
// written as conditional values, without branches, for the vectoriser.

namespace echelon::image {
namespace {

ECHELON_INLINE uint8_t blend_channel(int base, int value, float factor) {
  const float blended = static_cast<float>(base) + factor * static_cast<float>(value - base);
  const float low = blended < 0.0F ? 0.0F : blended;
  return static_cast<uint8_t>(static_cast<int>(low > 255.0F ? 255.0F : low));
}

ECHELON_INLINE int larger(int a, int b) {
  return a > b ? a : b;
}
ECHELON_INLINE int smaller(int a, int b) {
  return a < b ? a : b;
}

/// 0 where all three are equal.
ECHELON_INLINE int hue_of(int red, int green, int blue) {
  const int most = larger(larger(red, green), blue), least = smaller(smaller(red, green), blue);
  const auto range = static_cast<float>(most == least ? 1 : most - least);
  const float from_red = static_cast<float>(most - red) / range;
  const float from_green = static_cast<float>(most - green) / range;
  const float from_blue = static_cast<float>(most - blue) / range;
  const float after_red = from_blue - from_green;
  const auto after_green = static_cast<float>(2.0 + from_red - from_blue);
  const auto after_blue = static_cast<float>(4.0 + from_green - from_red);
  const float sixth = red == most ? after_red : green == most ? after_green : after_blue;
  const double turns = sixth / 6.0 + 1.0;  // 0 to 2, of which the fraction counts
  const auto hue = static_cast<float>(turns < 1.0 ? turns : turns - 1.0);
  return most == least ? 0 : static_cast<int>(hue * 255.0);
}

ECHELON_INLINE int saturation_of(int most, int least) {
  const auto whole = static_cast<float>(most == 0 ? 1 : most);
  return static_cast<int>(static_cast<float>(most - least) / whole * 255.0);
}

ECHELON_INLINE int nearest(double value) {  // of 0 to 255
  return static_cast<int>(value + 0.5);
}

/// Of the six sectors, from red over yellow, green, cyan, blue and magenta, those in which red is most, falls
/// or rises. Green goes the same way two sectors later, blue four.
ECHELON_INLINE int channel_of(int sector, int later, int most, int least, int falling, int rising) {
  const int place = sector + 6 - later, s = place >= 6 ? place - 6 : place;
  const int low = s == 4 ? rising : least;
  const int lower = s == 1 ? falling : low;
  const int almost = s == 5 ? most : lower;
  return s == 0 ? most : almost;
}

constexpr int64_t kChunk = 64;  // pixels between the two halves of the way

ECHELON_INLINE void chunk_to_hsv(const uint8_t* pixels, int64_t count, int* hue, int* saturation,
                                 int* value) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const int red = pixels[3 * i], green = pixels[3 * i + 1], blue = pixels[3 * i + 2];
    const int most = larger(larger(red, green), blue);
    hue[i] = hue_of(red, green, blue);
    saturation[i] = saturation_of(most, smaller(smaller(red, green), blue));
    value[i] = most;
  }
}

ECHELON_INLINE void chunk_from_hsv(const int* hue, const int* saturation, const int* value, int64_t count,
                                   uint8_t* pixels) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const double place = static_cast<float>(hue[i]) * 6.0 / 255.0;
    const int floor = static_cast<int>(place), sector = floor == 6 ? 0 : floor;  // 255 is red again
    const auto within = static_cast<float>(place - static_cast<double>(floor));
    const auto share = static_cast<float>(static_cast<float>(saturation[i]) / 255.0);
    const int most = value[i];
    const int least = nearest(most * (1.0 - share));
    const int falling = nearest(most * (1.0 - static_cast<double>(share * within)));
    const int rising = nearest(most * (1.0 - share * (1.0 - within)));
    pixels[3 * i] = static_cast<uint8_t>(channel_of(sector, 0, most, least, falling, rising));
    pixels[3 * i + 1] = static_cast<uint8_t>(channel_of(sector, 2, most, least, falling, rising));
    pixels[3 * i + 2] = static_cast<uint8_t>(channel_of(sector, 4, most, least, falling, rising));
  }
}

}  // namespace

ECHELON_VECTORIZED void saturate_pixels(uint8_t* pixels, int64_t count, float factor) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const int red = pixels[3 * i], green = pixels[3 * i + 1], blue = pixels[3 * i + 2];
    const int grey = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
    pixels[3 * i] = blend_channel(grey, red, factor);
    pixels[3 * i + 1] = blend_channel(grey, green, factor);
    pixels[3 * i + 2] = blend_channel(grey, blue, factor);
  }
}

ECHELON_VECTORIZED void turn_pixels_hue(uint8_t* pixels, int64_t count, uint8_t steps) {
  int hue[kChunk], saturation[kChunk], value[kChunk];
  for (int64_t start = 0; start < count; start += kChunk, pixels += 3 * kChunk) {
    const int64_t length = count - start < kChunk ? count - start : kChunk;
    chunk_to_hsv(pixels, length, hue, saturation, value);
    for (int64_t i = 0; i < length; ++i) hue[i] = (hue[i] + steps) & 255;
    chunk_from_hsv(hue, saturation, value, length, pixels);
  }
}

ECHELON_VECTORIZED void sharpen_row(const uint8_t* above, const uint8_t* row, const uint8_t* below,
                                    int64_t begin, int64_t end, int64_t channels, float factor,
                                    uint8_t* target) {
#pragma omp simd
  for (int64_t x = begin; x < end; ++x) {
    const int corners = above[x - channels] + above[x + channels] + below[x - channels] + below[x + channels];
    const int sides = above[x] + below[x] + row[x - channels] + row[x + channels];
    const int thirteenths = corners + sides + 5 * row[x];
    target[x] = blend_channel((2 * thirteenths + 13) / 26, row[x], factor);
  }
}

}  // namespace echelon::image
