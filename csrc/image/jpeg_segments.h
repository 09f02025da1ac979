// What a JPEG file says before its picture, read without decoding (ITU-T T.81, annex B).
#pragma once

#include <cstdint>
#include <span>

namespace echelon::image {

struct JpegSegments {
  std::span<const uint8_t> exif{};  ///< of the first APP1 segment that holds EXIF, with its "Exif\0\0"
  std::span<const uint8_t> xmp{};   ///< of the last APP1 segment that holds XMP
  bool has_end = false;             ///< an end-of-image marker follows the first start of scan
};

/// Never throws; what follows damage is not seen.
JpegSegments read_jpeg_segments(std::span<const uint8_t> encoded);

}  // namespace echelon::image
