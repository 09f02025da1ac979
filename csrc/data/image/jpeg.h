// JPEG through libjpeg-turbo.
#pragma once

#include <span>
#include <vector>

#include "data/image/image.h"

namespace echelon::data {

bool is_jpeg(std::span<const uint8_t> encoded);

class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /// Throws DataError.
  ImageSize read_header(std::span<const uint8_t> encoded);
  /// Decodes what read_header() saw into 1 or 3 channels, shrunk by 1, 2, 4 or 8 in the inverse cosine
  /// transform.
  void decode(std::span<const uint8_t> encoded, int channels, int reduction, Image& image);

 private:
  void* handle_;
  ImageSize size_;
  bool is_cmyk_ = false;
  std::vector<uint8_t> cmyk_;
};

}  // namespace echelon::data
