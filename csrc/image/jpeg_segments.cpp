#include "image/jpeg_segments.h"

#include <string_view>

namespace echelon::image {
namespace {

using std::string_view_literals::operator""sv;

constexpr int kStartOfScan = 0xda, kEndOfImage = 0xd9, kApp1 = 0xe1;
constexpr std::string_view kEndMarker = "\xff\xd9"sv;
constexpr std::string_view kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;

/// Markers that stand alone: TEM and the restart markers.
bool has_no_length(int marker) {
  return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

void take_app1(std::string_view content, std::span<const uint8_t> bytes, JpegSegments& segments) {
  if (content.starts_with(kExif) && segments.exif.empty()) segments.exif = bytes;
  if (content.starts_with(kXmp)) segments.xmp = bytes.subspan(kXmp.size());
}

}  // namespace

JpegSegments read_jpeg_segments(std::span<const uint8_t> encoded) {
  JpegSegments segments;
  const std::string_view text(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  size_t at = 2;
  while (true) {
    at = text.find('\xff', at);
    while (at < text.size() && encoded[at] == 0xff) ++at;
    if (at >= text.size()) return segments;
    const int marker = encoded[at++];
    if (marker == 0 || has_no_length(marker)) continue;
    if (marker == kEndOfImage) return segments;
    if (marker == kStartOfScan) break;
    if (at + 2 > text.size()) return segments;
    const size_t length = encoded[at] << 8 | encoded[at + 1];
    if (length < 2 || at + length > text.size()) return segments;
    if (marker == kApp1)
      take_app1(text.substr(at + 2, length - 2), encoded.subspan(at + 2, length - 2), segments);
    at += length;
  }
  // The marker cannot occur within a scan. Searched from the end, where it usually stands.
  const size_t end = text.rfind(kEndMarker);
  segments.has_end = end != text.npos && end >= at;
  return segments;
}

}  // namespace echelon::image
