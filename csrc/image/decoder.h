// JPEG, PNG and WebP → upright pixels: those of Pillow's `ImageOps.exif_transpose(image).convert("RGB")` or
// `.convert("L")` (docs/images.md says where they differ and by how much).
#pragma once

#include <memory>
#include <span>

#include "image/format.h"
#include "image/image.h"
#include "image/jpeg.h"

namespace echelon::image {

/// Larger images are refused before memory is taken for them (the limit of Pillow, a quarter of a GiB of
/// RGB).
constexpr int64_t kMaxPixels = 89'478'485;

/// Decodes one image after the other, reusing its buffers. Not for several threads at once.
class ImageDecoder {
 public:
  explicit ImageDecoder(int64_t max_pixels = kMaxPixels);
  ~ImageDecoder();

  /// Reads the header; gives the size of the upright image. `encoded` must stay alive until the next open().
  /// Throws DataError for what is no JPEG, PNG or WebP, is damaged, or has more than `max_pixels`.
  ImageSize open(std::span<const uint8_t> encoded);

  /// Of the image given to open(): as the file has it, and how it is turned (orientation.h).
  ImageSize stored_size() const { return stored_; }
  int orientation() const { return orientation_; }
  YccLayout layout() const;  ///< kOther for all but JPEG

  /// The largest of 1, 2, 4, 8 up to `wanted` by which this format can shrink while it decodes: 1 for all but
  /// JPEG.
  int reduction(int wanted) const;

  /// The size of the image given to open(), shrunk by `reduction` (sides rounded up).
  ImageSize reduced_size(int reduction) const;

  /// Decodes at least the part `wanted` of the upright image that was given to open(), shrunk by `reduction`,
  /// to 1 or 3 channels; `wanted` is in pixels of the shrunk image. Colour becomes grey by ITU-R 601 luma,
  /// transparency is dropped, CMYK is read as Adobe writes it. A part of a JPEG takes less time than the
  /// whole. Throws DataError. Valid until the next call.
  ImagePart decode_part(int channels, int reduction, const PixelBox& wanted);

  /// The whole.
  const Image& decode(int channels, int reduction = 1);

 private:
  struct Formats;
  PixelBox decode_stored(int channels, int reduction, const PixelBox& wanted);

  int64_t max_pixels_;
  std::span<const uint8_t> encoded_;
  ImageFormat format_{};
  ImageSize stored_;  ///< size before turning
  int orientation_ = 1;
  std::unique_ptr<Formats> formats_;
  Image image_, converted_, upright_;
  Image* decoded_ = nullptr;  ///< image_ or converted_
};

}  // namespace echelon::image
