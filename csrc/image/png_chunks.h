// The chunks of a PNG file (W3C PNG, third edition, section 5), found without decoding.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"

namespace echelon::image {

struct PngChunks {
  ImageSize size{};
  int bit_depth = 0, colour_type = 0;
  int orientation = 1;  ///< from eXIf or XMP (orientation.h)
  /// What decoding needs, in the order of the file: signature, IHDR, PLTE, IDAT and an IEND. The others
  /// (texts, profiles, animation, transparency) never reach the decoder, so that what is packed in them
  /// unpacks nowhere.
  std::vector<std::span<const uint8_t>> needed{};

  bool is_grey() const { return colour_type == 0 && bit_depth <= 8; }
};

/// `encoded` must stay alive as long as the result. Throws DataError where there is no header or no picture.
/// What comes after damage or truncation is not seen, and checksums are left to the decoder.
PngChunks read_png_chunks(std::span<const uint8_t> encoded);

/// Reads what `needed` holds as one stream.
class PngStream {
 public:
  explicit PngStream(const PngChunks& chunks) : rest_(chunks.needed) {}
  /// False, and nothing read, where fewer than `size` bytes are left.
  bool read(void* target, size_t size);

 private:
  std::vector<std::span<const uint8_t>> rest_;
  size_t current_ = 0;
};

}  // namespace echelon::image
