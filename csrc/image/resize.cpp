#include "image/resize.h"

#include <algorithm>

#include "image/geometry.h"

namespace echelon::image {
namespace {

/// The resampler makes square windows; this keeps what lies within the image.
class CornerSink final : public RowSink {
 public:
  explicit CornerSink(Image& image) : image_(image) {}
  void row(int64_t y, const uint8_t* pixels) override {
    if (y < image_.height) std::copy_n(pixels, image_.width * image_.channels, image_.row(y));
  }

 private:
  Image& image_;
};

}  // namespace

ImageSize with_shorter_side(ImageSize size, int64_t shorter) {
  return centre_crop(size, shorter, shorter).resized;
}

const Image& Resizer::operator()(ImageDecoder& decoder, ImageSize source, int channels, ImageSize size) {
  Geometry geometry{.box = {0, 0, static_cast<double>(source.width), static_cast<double>(source.height)},
                    .resized = size,
                    .size = std::max(size.width, size.height)};
  const int reduction = decoder.reduction(reduction_that_leaves_detail(geometry));
  geometry.box.width /= reduction;
  geometry.box.height /= reduction;
  const PixelBox needed = resampler_.prepare(decoder.reduced_size(reduction), geometry);
  resized_.resize(size.height, size.width, channels);
  CornerSink rows(resized_);
  resampler_.run(decoder.decode_part(channels, reduction, needed), rows);
  return resized_;
}

}  // namespace echelon::image
