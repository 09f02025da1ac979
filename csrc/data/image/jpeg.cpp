#include "data/image/jpeg.h"

#include <turbojpeg.h>

#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "data/image/colour.h"

namespace echelon::data {
namespace {

/// Bytes between segments do not touch the picture, and real data sets hold many such files; all other
/// warnings mean missing or wrong pixels.
bool is_harmless(std::string_view warning) {
  return warning.find("extraneous bytes before marker") != warning.npos;
}

void check(int status, tjhandle handle) {
  if (status == 0) return;
  const std::string_view message = tjGetErrorStr2(handle);
  if (tjGetErrorCode(handle) == TJERR_WARNING && is_harmless(message)) return;
  throw DataError(str_format("corrupt JPEG: {}", message));
}

}  // namespace

bool is_jpeg(std::span<const uint8_t> encoded) {
  return encoded.size() > 3 && encoded[0] == 0xff && encoded[1] == 0xd8 && encoded[2] == 0xff;
}

JpegDecoder::JpegDecoder() : handle_(tjInitDecompress()) {
  if (!handle_) throw InternalError(str_format("cannot start libjpeg-turbo: {}", tjGetErrorStr2(nullptr)));
}

JpegDecoder::~JpegDecoder() {
  tjDestroy(handle_);
}

ImageSize JpegDecoder::read_header(std::span<const uint8_t> encoded) {
  int width = 0, height = 0, subsampling = 0, colour_space = 0;
  check(tjDecompressHeader3(handle_, encoded.data(), encoded.size(), &width, &height, &subsampling,
                            &colour_space),
        handle_);
  if (width < 1 || height < 1) throw DataError("corrupt JPEG: it ends before the image begins");
  is_cmyk_ = colour_space == TJCS_CMYK || colour_space == TJCS_YCCK;
  size_ = {height, width};
  return size_;
}

void JpegDecoder::decode(std::span<const uint8_t> encoded, int channels, int reduction, Image& image) {
  const tjscalingfactor factor{1, reduction};
  const int width = TJSCALED(static_cast<int>(size_.width), factor);
  const int height = TJSCALED(static_cast<int>(size_.height), factor);
  image.resize(height, width, channels);
  // Limited scans: a few kilobytes of progressive JPEG can otherwise keep the decoder busy for minutes.
  constexpr int kFlags = TJFLAG_LIMITSCANS;
  uint8_t* target = image.pixels.data();
  if (is_cmyk_) {
    cmyk_.resize(static_cast<size_t>(width) * height * 4);
    target = cmyk_.data();
  }
  const int format = is_cmyk_ ? TJPF_CMYK : channels == 1 ? TJPF_GRAY : TJPF_RGB;
  check(tjDecompress2(handle_, encoded.data(), encoded.size(), target, width, 0, height, format, kFlags),
        handle_);
  if (is_cmyk_) cmyk_to_image(cmyk_, image);
}

}  // namespace echelon::data
