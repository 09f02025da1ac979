#include "prepare/image/recoder.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "image/encode.h"
#include "image/png.h"
#include "image/webp.h"

namespace echelon::prepare {
namespace {

using image::Image;
using image::ImageFormat;
using image::ImageSize;

ImageFormat target_format(StoredFormat wanted, ImageFormat present) {
  switch (wanted) {
    case StoredFormat::kKeep:
      return present;
    case StoredFormat::kJpeg:
      return ImageFormat::kJpeg;
    case StoredFormat::kPng:
      return ImageFormat::kPng;
    case StoredFormat::kWebp:
      return ImageFormat::kWebp;
  }
  throw InternalError("an unknown format of images");
}

ImageSize target_size(const std::optional<ResizeSettings>& resize, ImageSize size) {
  if (!resize) return size;
  const bool is_smaller = std::min(size.height, size.width) < resize->shorter_side;
  if (is_smaller && !resize->enlarge) return size;
  const ImageSize wanted = image::with_shorter_side(size, resize->shorter_side);
  if (wanted.width > image::kMaxPixels / wanted.height)
    throw DataError(str_format("{} × {} pixels would become {} × {}", size.width, size.height, wanted.width,
                               wanted.height));
  return wanted;
}

bool is_grey(const Image& image) {
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    if (image.pixels[i] != image.pixels[i + 1] || image.pixels[i] != image.pixels[i + 2]) return false;
  }
  return true;
}

/// One channel of three that are alike.
Image one_channel(const Image& image) {
  Image grey;
  grey.resize(image.height, image.width, 1);
  for (size_t i = 0; i < grey.pixels.size(); ++i) grey.pixels[i] = image.pixels[3 * i];
  return grey;
}

std::vector<uint8_t> encode(const Image& image, ImageFormat format, int quality) {
  switch (format) {
    case ImageFormat::kJpeg:
      return image::encode_jpeg(image, quality);
    case ImageFormat::kPng:
      return image::encode_png(image);
    case ImageFormat::kWebp:
      return image::encode_webp(image, static_cast<float>(quality));
  }
  throw InternalError("an image format without an encoder");
}

}  // namespace

std::string extension_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg:
      return "jpg";
    case ImageFormat::kPng:
      return "png";
    case ImageFormat::kWebp:
      return "webp";
  }
  throw InternalError("an image format without an extension");
}

std::optional<Recoder::Recoded> Recoder::operator()(std::span<const uint8_t> encoded) {
  if (copies_unseen()) return std::nullopt;
  const ImageFormat present = image::detect_format(encoded), wanted = target_format(options_.format, present);
  const ImageSize size = decoder_.open(encoded), wanted_size = target_size(options_.resize, size);
  if (wanted == present && wanted_size == size) {
    if (options_.verify) decoder_.decode(3);
    return std::nullopt;
  }
  const Image& colour = wanted_size == size ? decoder_.decode(3) : resizer_(decoder_, size, 3, wanted_size);
  const std::vector<uint8_t> bytes =
      encode(is_grey(colour) ? one_channel(colour) : colour, wanted, options_.quality);
  return Recoded{{bytes.begin(), bytes.end()}, extension_of(wanted)};
}

}  // namespace echelon::prepare
