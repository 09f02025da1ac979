// Pixels in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace echelon::image {

struct ImageSize {
  int64_t height = 0, width = 0;
  bool operator==(const ImageSize&) const = default;
};

/// Whole pixels of an image: columns [left, left + width), rows [top, top + height).
struct PixelBox {
  int64_t left = 0, top = 0, width = 0, height = 0;
  bool operator==(const PixelBox&) const = default;
};

/// [height, width, channels] of 8 bits, rows without gaps. One channel: grey; three: red, green, blue.
struct Image {
  int64_t height = 0, width = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;

  void resize(int64_t new_height, int64_t new_width, int new_channels) {
    height = new_height;
    width = new_width;
    channels = new_channels;
    pixels.resize(static_cast<size_t>(height * width * channels));
  }
  ImageSize size() const { return {height, width}; }
  const uint8_t* row(int64_t y) const { return pixels.data() + y * width * channels; }
  uint8_t* row(int64_t y) { return pixels.data() + y * width * channels; }
};

/// A rectangle of a picture: its pixels and the place of the first one.
struct ImagePart {
  const Image& image;
  int64_t left = 0, top = 0;
};

}  // namespace echelon::image
