// Which kind of file the bytes of an image are, by their first bytes: names lie (ImageNet holds a PNG named
// JPEG).
#pragma once

#include <cstdint>
#include <span>

namespace echelon::image {

enum class ImageFormat { kJpeg, kPng, kWebp };

/// Throws DataError for anything else; the message names formats that it knows by sight.
ImageFormat detect_format(std::span<const uint8_t> encoded);

}  // namespace echelon::image
