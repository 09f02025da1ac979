#include "image/decoder.h"

#include "common/error.h"
#include "common/format.h"
#include "image/colour.h"
#include "image/orientation.h"
#include "image/png.h"
#include "image/webp.h"

namespace echelon::image {

struct ImageDecoder::Formats {
  JpegDecoder jpeg;
  PngChunks png;
  WebpHeader webp;
};

ImageDecoder::ImageDecoder(int64_t max_pixels)
    : max_pixels_(max_pixels), formats_(std::make_unique<Formats>()) {}
ImageDecoder::~ImageDecoder() = default;

ImageSize ImageDecoder::open(std::span<const uint8_t> encoded) {
  encoded_ = encoded;
  format_ = detect_format(encoded);
  switch (format_) {
    case ImageFormat::kJpeg:
      stored_ = formats_->jpeg.read_header(encoded);
      orientation_ = formats_->jpeg.orientation();
      break;
    case ImageFormat::kPng:
      formats_->png = read_png_chunks(encoded);
      stored_ = formats_->png.size;
      orientation_ = formats_->png.orientation;
      break;
    case ImageFormat::kWebp:
      formats_->webp = read_webp_header(encoded);
      stored_ = formats_->webp.size;
      orientation_ = formats_->webp.orientation;
      break;
  }
  if (stored_.height < 1 || stored_.width < 1 || stored_.height > max_pixels_ / stored_.width) {
    throw DataError(str_format("an image of {} × {} pixels; at most {} pixels are decoded", stored_.width,
                               stored_.height, max_pixels_));
  }
  return turned(stored_, orientation_);
}

YccLayout ImageDecoder::layout() const {
  return format_ == ImageFormat::kJpeg ? formats_->jpeg.layout() : YccLayout::kOther;
}

int ImageDecoder::reduction(int wanted) const {
  if (format_ != ImageFormat::kJpeg) return 1;
  for (const int factor : {8, 4, 2}) {
    if (factor <= wanted) return factor;
  }
  return 1;
}

ImageSize ImageDecoder::reduced_size(int reduction) const {
  const ImageSize size = turned(stored_, orientation_);
  return {(size.height + reduction - 1) / reduction, (size.width + reduction - 1) / reduction};
}

PixelBox ImageDecoder::decode_stored(int channels, int reduction, const PixelBox& wanted) {
  decoded_ = &image_;
  if (format_ == ImageFormat::kJpeg) return formats_->jpeg.decode(channels, reduction, wanted, image_);
  if (format_ == ImageFormat::kPng) {
    decode_png(formats_->png, image_);
  } else {
    decode_webp(encoded_, formats_->webp, image_);
  }
  if (image_.channels != channels) {
    decoded_ = &converted_;
    if (channels == 1) {
      to_grey(image_, converted_);
    } else {
      to_colour(image_, converted_);
    }
  }
  return {0, 0, stored_.width, stored_.height};
}

ImagePart ImageDecoder::decode_part(int channels, int reduction, const PixelBox& wanted) {
  const ImageSize reduced = turned(reduced_size(reduction), orientation_);
  const PixelBox stored = decode_stored(channels, reduction, stored_box(wanted, reduced, orientation_));
  if (orientation_ == 1) return {*decoded_, stored.left, stored.top};
  turn(*decoded_, orientation_, upright_);
  const PixelBox upright = upright_box(stored, reduced, orientation_);
  return {upright_, upright.left, upright.top};
}

const Image& ImageDecoder::decode(int channels, int reduction) {
  const ImageSize size = reduced_size(reduction);
  return decode_part(channels, reduction, {0, 0, size.width, size.height}).image;
}

}  // namespace echelon::image
