// JPEG and PNG → pixels.
#pragma once

#include <memory>
#include <span>

#include "data/image/image.h"

namespace echelon::data {

/// Larger images are refused before memory is taken for them (the limit of Pillow, a quarter of a GiB of
/// RGB).
constexpr int64_t kMaxPixels = 89'478'485;

/// Decodes one image after the other, reusing its buffers. Not for several threads at once.
class ImageDecoder {
 public:
  ImageDecoder();
  ~ImageDecoder();

  /// Reads the header. `encoded` must stay alive until decode(). Throws DataError for what is no JPEG or PNG,
  /// is damaged, or has more than kMaxPixels.
  ImageSize open(std::span<const uint8_t> encoded);

  /// The largest of 1, 2, 4, 8 up to `wanted` by which this format can shrink while it decodes: 1 for PNG.
  int reduction(int wanted) const;

  /// Decodes the image given to open() to 1 or 3 channels, shrunk by `reduction` (sides rounded up). Colour
  /// becomes grey by ITU-R 601 luma, transparency is dropped, CMYK is read as Adobe writes it. Throws
  /// DataError. Valid until the next call.
  const Image& decode(int channels, int reduction);

 private:
  struct Jpeg;
  std::span<const uint8_t> encoded_;
  ImageSize size_;
  bool is_jpeg_ = false;
  std::unique_ptr<Jpeg> jpeg_;
  Image image_;
  Image converted_;
};

}  // namespace echelon::data
