// Formats and sizes of many images, each of which is decoded.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "image/decoder.h"
#include "inspect/report.h"

namespace echelon::inspect {

class ImageSurvey {
 public:
  /// Throws DataError for an image that cannot be decoded; it counts among the images, but not in sizes.
  void add(std::span<const uint8_t> encoded);
  void report(Report& report) const;

 private:
  image::ImageDecoder decoder_;
  int64_t images_ = 0;
  std::map<std::string, int64_t> formats_;
  Distribution heights_, widths_;
};

/// "JPEG", "PNG", "WebP".
std::string format_name(image::ImageFormat format);

}  // namespace echelon::inspect
