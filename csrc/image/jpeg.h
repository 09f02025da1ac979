// JPEG through libjpeg-turbo: baseline, extended and progressive, Huffman or arithmetic coding, 8 bits; grey,
// YCbCr, RGB, CMYK and YCCK.
//
// Damage: what libjpeg warns of (bytes between segments, a scan that ends early, bad codes) is accepted, as
// Pillow does: missing parts are grey. A file without its end, and anything that libjpeg calls an error, is
// refused.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "image/image.h"

namespace echelon::image {

/// How the picture stores its colours, where it is of three components that are Y, Cb and Cr: Cb and Cr at
/// full resolution, at half of it across, or at half of it both ways. kOther: any other picture, and one that
/// is not 8 bits deep or not coded after Huffman.
enum class YccLayout { kOther, k444, k422, k420 };

/// Reuses its buffers. Not for several threads at once.
class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  /// The size as stored. `encoded` must stay alive until decode(). Throws DataError.
  ImageSize read_header(std::span<const uint8_t> encoded);

  /// 1 to 8; from EXIF or XMP (orientation.h), of what read_header() saw.
  int orientation() const { return orientation_; }
  /// Of what read_header() saw.
  YccLayout layout() const;

  /// Decodes at least the part `wanted` of the picture that read_header() saw, shrunk by 1, 2, 4 or 8 in the
  /// inverse cosine transform (sides rounded up), to 1 or 3 channels. `wanted` is in pixels of the shrunk
  /// picture. Returns the part that `image` now holds. Its pixels are those that decoding the whole gives.
  /// Grey from colour is luma() of the decoded colours. Throws DataError.
  PixelBox decode(int channels, int reduction, const PixelBox& wanted, Image& image);

 private:
  struct State;
  void check(bool ok);

  std::unique_ptr<State> state_;
  std::span<const uint8_t> encoded_;
  int orientation_ = 1;
  std::vector<uint8_t> row_;  ///< as libjpeg-turbo gives it, where that is not what is wanted
};

}  // namespace echelon::image
