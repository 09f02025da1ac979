#include "inspect/image_survey.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::inspect {

std::string format_name(image::ImageFormat format) {
  switch (format) {
    case image::ImageFormat::kJpeg:
      return "JPEG";
    case image::ImageFormat::kPng:
      return "PNG";
    case image::ImageFormat::kWebp:
      return "WebP";
  }
  throw InternalError("an image format without a name");
}

void ImageSurvey::add(std::span<const uint8_t> encoded) {
  ++images_;
  ++formats_[format_name(image::detect_format(encoded))];
  const image::ImageSize size = decoder_.open(encoded);
  decoder_.decode(1, decoder_.reduction(8));
  heights_.add(size.height);
  widths_.add(size.width);
}

void ImageSurvey::report(Report& report) const {
  std::string formats;
  for (const auto& [name, count] : formats_)
    formats += str_format("{}{} {}", formats.empty() ? "" : ", ", count, name);
  report.row("images", str_format("{}: {}", images_, formats.empty() ? "none can be read" : formats));
  if (heights_.empty()) return;
  report.row("heights", heights_.text());
  report.row("widths", widths_.text());
}

}  // namespace echelon::inspect
