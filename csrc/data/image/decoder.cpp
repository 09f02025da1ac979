#include "data/image/decoder.h"

#include "common/error.h"
#include "common/format.h"
#include "data/image/colour.h"
#include "data/image/jpeg.h"
#include "data/image/png.h"

namespace echelon::data {

struct ImageDecoder::Jpeg : JpegDecoder {};

ImageDecoder::ImageDecoder() : jpeg_(std::make_unique<Jpeg>()) {}
ImageDecoder::~ImageDecoder() = default;

ImageSize ImageDecoder::open(std::span<const uint8_t> encoded) {
  encoded_ = encoded;
  is_jpeg_ = is_jpeg(encoded);
  if (!is_jpeg_ && !is_png(encoded)) throw DataError("the image is neither JPEG nor PNG");
  size_ = is_jpeg_ ? jpeg_->read_header(encoded) : png_size(encoded);
  if (size_.height < 1 || size_.width < 1 || size_.height > kMaxPixels / size_.width) {
    throw DataError(str_format("an image of {} × {} pixels; at most {} pixels are decoded", size_.width,
                               size_.height, kMaxPixels));
  }
  return size_;
}

int ImageDecoder::reduction(int wanted) const {
  if (!is_jpeg_) return 1;
  for (const int factor : {8, 4, 2}) {
    if (factor <= wanted) return factor;
  }
  return 1;
}

const Image& ImageDecoder::decode(int channels, int reduction) {
  if (is_jpeg_) {
    jpeg_->decode(encoded_, channels, reduction, image_);
    return image_;
  }
  decode_png(encoded_, kMaxPixels, image_);
  if (image_.channels == channels) return image_;
  if (channels == 1) {
    to_grey(image_, converted_);
  } else {
    to_colour(image_, converted_);
  }
  return converted_;
}

}  // namespace echelon::data
