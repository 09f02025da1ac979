// Encoded images → encoded images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "image/decoder.h"
#include "image/resize.h"
#include "prepare/image/settings.h"

namespace echelon::prepare {

struct RecodeOptions {
  std::optional<ResizeSettings> resize{};
  StoredFormat format = StoredFormat::kKeep;
  int quality = 90;
  bool verify = false;
};

/// Makes what is stored of an image. What needs neither another size nor another format is copied to the
/// byte; all else is decoded upright, resized, and encoded, grey where all its pixels are. Reuses its
/// buffers; not for several threads at once.
class Recoder {
 public:
  explicit Recoder(RecodeOptions options) : options_(std::move(options)) {}

  /// Whether images need to be looked at.
  bool copies_unseen() const {
    return !options_.verify && !options_.resize && options_.format == StoredFormat::kKeep;
  }

  /// The new content and, as an extension, its format; nothing where the image stays as it is. Throws
  /// DataError for an image that is no image, or damaged where it is decoded.
  struct Recoded {
    std::string content;
    std::string extension;
  };
  std::optional<Recoded> operator()(std::span<const uint8_t> encoded);

 private:
  RecodeOptions options_;
  image::ImageDecoder decoder_;
  image::Resizer resizer_;
};

/// "jpg", "png" or "webp".
std::string extension_of(image::ImageFormat format);

}  // namespace echelon::prepare
