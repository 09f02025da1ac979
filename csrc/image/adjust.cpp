#include "image/adjust.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/colour.h"
#include "image/colour_kernels.h"

// Compiled without contraction to fused multiply-adds, which would round other than Pillow does.

namespace echelon::image {
namespace {

using Table = std::array<uint8_t, 256>;
using Histogram = std::array<int64_t, 256>;

/// From `base` through `value` (at 1) and beyond, cut off towards zero as Pillow's `blend` does.
uint8_t blend(int base, int value, float factor) {
  const float blended = static_cast<float>(base) + factor * static_cast<float>(value - base);
  return static_cast<uint8_t>(std::clamp(blended, 0.0F, 255.0F));
}

Table blend_table(int base, double factor) {
  Table table;
  for (int value = 0; value < 256; ++value) table[value] = blend(base, value, static_cast<float>(factor));
  return table;
}

void apply(Image& image, const Table& table) {
  for (uint8_t& value : image.pixels) value = table[value];
}

/// `make_table` of each channel's histogram.
template <class MakeTable>
void apply_to_channels(Image& image, const MakeTable& make_table) {
  for (int channel = 0; channel < image.channels; ++channel) {
    Histogram histogram{};
    for (size_t i = channel; i < image.pixels.size(); i += image.channels) ++histogram[image.pixels[i]];
    const Table table = make_table(histogram);
    for (size_t i = channel; i < image.pixels.size(); i += image.channels)
      image.pixels[i] = table[image.pixels[i]];
  }
}

Table identity() {
  Table table;
  for (int value = 0; value < 256; ++value) table[value] = static_cast<uint8_t>(value);
  return table;
}

Table stretching_table(const Histogram& histogram) {
  int low = 0, high = 255;
  while (low < 255 && histogram[low] == 0) ++low;
  while (high > 0 && histogram[high] == 0) --high;
  if (high <= low) return identity();
  const double scale = 255.0 / (high - low), offset = -low * scale;
  Table table;
  for (int value = 0; value < 256; ++value)
    table[value] = static_cast<uint8_t>(std::clamp(static_cast<int>(value * scale + offset), 0, 255));
  return table;
}

Table equalizing_table(const Histogram& histogram) {
  int64_t total = 0, last = 0, used = 0;
  for (const int64_t count : histogram) {
    total += count;
    if (count > 0) last = count, ++used;
  }
  const int64_t step = (total - last) / 255;
  if (used <= 1 || step == 0) return identity();
  Table table;
  int64_t below = step / 2;
  for (int value = 0; value < 256; ++value) {
    table[value] = static_cast<uint8_t>(std::min<int64_t>(below / step, 255));
    below += histogram[value];
  }
  return table;
}

uint8_t luma_of(const Image& image, size_t first) {
  const uint8_t* pixel = image.pixels.data() + first;
  return image.channels == 1 ? *pixel : luma(pixel[0], pixel[1], pixel[2]);
}

}  // namespace

void adjust_brightness(Image& image, double factor) {
  apply(image, blend_table(0, factor));
}

void adjust_contrast(Image& image, double factor) {
  int64_t sum = 0;
  for (size_t i = 0; i < image.pixels.size(); i += image.channels) sum += luma_of(image, i);
  const double mean = static_cast<double>(sum) / static_cast<double>(image.height * image.width);
  apply(image, blend_table(static_cast<int>(mean + 0.5), factor));
}

void adjust_saturation(Image& image, double factor) {
  if (image.channels == 3)
    saturate_pixels(image.pixels.data(), image.height * image.width, static_cast<float>(factor));
}

void adjust_hue(Image& image, double turn) {
  const auto steps = static_cast<uint8_t>(static_cast<int>(turn * 255));
  if (image.channels == 3) turn_pixels_hue(image.pixels.data(), image.height * image.width, steps);
}

void adjust_sharpness(Image& image, double factor) {
  if (image.height < 3 || image.width < 3) return;
  const Image source = image;
  for (int64_t y = 1; y + 1 < image.height; ++y) {
    sharpen_row(source.row(y - 1), source.row(y), source.row(y + 1), image.channels,
                (image.width - 1) * image.channels, image.channels, static_cast<float>(factor), image.row(y));
  }
}

void posterize(Image& image, int bits) {
  const int mask = ~((1 << (8 - bits)) - 1);
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(value & mask);
}

void solarize(Image& image, double threshold) {
  for (uint8_t& value : image.pixels) value = value < threshold ? value : static_cast<uint8_t>(255 - value);
}

void autocontrast(Image& image) {
  apply_to_channels(image, stretching_table);
}

void equalize(Image& image) {
  apply_to_channels(image, equalizing_table);
}

void to_grayscale(Image& image) {
  if (image.channels == 1) return;
  for (size_t i = 0; i < image.pixels.size(); i += 3) std::fill_n(&image.pixels[i], 3, luma_of(image, i));
}

void mirror_left_right(Image& image) {
  for (int64_t y = 0; y < image.height; ++y) {
    uint8_t* row = image.row(y);
    for (int64_t left = 0, right = image.width - 1; left < right; ++left, --right)
      std::swap_ranges(row + left * image.channels, row + (left + 1) * image.channels,
                       row + right * image.channels);
  }
}

void mirror_top_bottom(Image& image) {
  const int64_t length = image.width * image.channels;
  for (int64_t top = 0, bottom = image.height - 1; top < bottom; ++top, --bottom)
    std::swap_ranges(image.row(top), image.row(top) + length, image.row(bottom));
}

}  // namespace echelon::image
