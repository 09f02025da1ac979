#include "image/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/format.h"
#include "image/colour.h"
#include "image/decoder.h"
#include "image/resample.h"

namespace echelon::image {
namespace {

constexpr uint8_t kGap = 255, kMissing = 128;

/// The whole image, as large as fits into a square of `cell`.
Geometry fitted(ImageSize size, int64_t cell) {
  const auto longer = static_cast<double>(std::max(size.height, size.width));
  const auto scaled = [&](int64_t side) {
    return std::max<int64_t>(1, std::llrint(static_cast<double>(side * cell) / longer));
  };
  const ImageSize resized{scaled(size.height), scaled(size.width)};
  return {.box = {0, 0, static_cast<double>(size.width), static_cast<double>(size.height)},
          .resized = resized,
          .left = (resized.width - cell) / 2,
          .top = (resized.height - cell) / 2,
          .size = cell};
}

void fill_cell(const Image* thumbnail, int64_t left, int64_t top, int64_t cell, Image& sheet) {
  for (int64_t y = 0; y < cell; ++y) {
    uint8_t* target = sheet.row(top + y) + left * 3;
    if (thumbnail) {
      std::copy_n(thumbnail->row(y), cell * 3, target);
    } else {
      std::fill_n(target, cell * 3, kMissing);
    }
  }
}

}  // namespace

Image contact_sheet(std::span<const Image> images, const ContactSheetOptions& options) {
  const auto count = static_cast<int64_t>(images.size());
  const auto square = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int64_t columns = std::max<int64_t>(1, options.columns > 0 ? options.columns : square);
  const int64_t rows = (count + columns - 1) / columns, pitch = options.cell + options.gap;
  const int64_t width = columns * pitch + options.gap, height = rows * pitch + options.gap;
  if (height > kMaxPixels / width)
    throw DataError(
        str_format("a contact sheet of {} images would have {} × {} pixels; at most {} are allowed", count,
                   width, height, kMaxPixels));
  Image sheet;
  sheet.resize(height, width, 3);
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), kGap);
  Resampler resampler;
  Image thumbnail, colour;
  for (int64_t i = 0; i < count; ++i) {
    const Image& image = images[i];
    const int64_t left = options.gap + i % columns * pitch, top = options.gap + i / columns * pitch;
    if (image.pixels.empty()) {
      fill_cell(nullptr, left, top, options.cell, sheet);
      continue;
    }
    if (image.channels == 1) to_colour(image, colour);
    resampler(image.channels == 1 ? colour : image, fitted(image.size(), options.cell), thumbnail);
    fill_cell(&thumbnail, left, top, options.cell, sheet);
  }
  return sheet;
}

}  // namespace echelon::image
