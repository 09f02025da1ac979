#include "image/format.h"

#include <string_view>

#include "common/error.h"
#include "common/format.h"

namespace echelon::image {
namespace {

using std::string_view_literals::operator""sv;

/// What is known by sight, to say more than that it is not read.
std::string_view foreign_format(std::string_view start) {
  if (start.starts_with("GIF8")) return "GIF";
  if (start.starts_with("BM")) return "BMP";
  if (start.starts_with("II*\0"sv) || start.starts_with("MM\0*"sv)) return "TIFF";
  if (start.substr(0, 12).ends_with("ftypavif")) return "AVIF";
  if (start.substr(0, 11).ends_with("ftyphei")) return "HEIC";
  if (start.starts_with("\0\0\0\x0cjP  "sv)) return "JPEG 2000";
  if (start.starts_with("<svg") || start.starts_with("<?xml")) return "SVG";
  if (start.starts_with("<!DOCTYPE") || start.starts_with("<html")) return "an HTML page";
  return "";
}

}  // namespace

ImageFormat detect_format(std::span<const uint8_t> encoded) {
  const std::string_view start(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  if (start.starts_with("\xff\xd8\xff"sv)) return ImageFormat::kJpeg;
  if (start.starts_with("\x89PNG\r\n\x1a\n"sv)) return ImageFormat::kPng;
  if (start.starts_with("RIFF") && start.substr(0, 12).ends_with("WEBP") && start.size() >= 12)
    return ImageFormat::kWebp;
  if (start.empty()) throw DataError("the image is empty: 0 bytes");
  const std::string_view known = foreign_format(start);
  throw DataError(
      str_format("the image is neither JPEG nor PNG nor WebP{}{}", known.empty() ? "" : ", but ", known));
}

}  // namespace echelon::image
