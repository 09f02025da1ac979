// Reading and comparing pixels in tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/error.h"
#include "image/decoder.h"
#include "image/golden.h"

namespace echelon::image {

using Bytes = std::vector<uint8_t>;

inline Image decoded(const Bytes& encoded, int channels) {
  ImageDecoder decoder;
  decoder.open(encoded);
  return decoder.decode(channels);
}

/// The largest difference of two pixels, or 256 where the sizes differ.
inline int difference(const Image& found, const Image& expected) {
  if (found.size() != expected.size() || found.channels != expected.channels) return 256;
  int largest = 0;
  for (size_t i = 0; i < expected.pixels.size(); ++i)
    largest = std::max(largest, std::abs(found.pixels[i] - expected.pixels[i]));
  return largest;
}

/// The message with which an encoded image is refused, or "accepted".
inline std::string refusal(const Bytes& encoded, int64_t max_pixels = kMaxPixels) {
  try {
    ImageDecoder decoder(max_pixels);
    decoder.open(encoded);
    decoder.decode(3);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace echelon::image
