#include "image/exif.h"

#include <string_view>

namespace echelon::image {
namespace {

using std::string_view_literals::operator""sv;

constexpr uint32_t kOrientationTag = 0x0112;
constexpr int kByte = 1, kShort = 3, kLong = 4;  // types of TIFF fields

std::string_view text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Numbers of either byte order at offsets that may lie outside.
class Tiff {
 public:
  explicit Tiff(std::span<const uint8_t> bytes) : bytes_(bytes), big_(bytes[0] == 'M') {}

  std::optional<uint32_t> number(uint64_t offset, size_t length) const {
    if (offset + length > bytes_.size()) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < length; ++i) value = value << 8 | bytes_[offset + (big_ ? i : length - 1 - i)];
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  bool big_;
};

std::optional<int> value_of(const Tiff& tiff, uint64_t entry) {
  const auto type = tiff.number(entry + 2, 2), count = tiff.number(entry + 4, 4);
  if (!type || !count || *count != 1) return std::nullopt;
  const size_t length = *type == kByte ? 1 : *type == kShort ? 2 : *type == kLong ? 4 : 0;
  if (length == 0) return std::nullopt;
  const auto value = tiff.number(entry + 8, length);
  if (!value || *value > 255) return std::nullopt;
  return static_cast<int>(*value);
}

}  // namespace

std::optional<int> exif_orientation(std::span<const uint8_t> exif) {
  if (text(exif).starts_with("Exif\0\0"sv)) exif = exif.subspan(6);
  if (!text(exif).starts_with("II*\0"sv) && !text(exif).starts_with("MM\0*"sv)) return std::nullopt;
  const Tiff tiff(exif);
  const auto directory = tiff.number(4, 4);
  const auto entries = directory ? tiff.number(*directory, 2) : std::nullopt;
  if (!entries) return std::nullopt;
  std::optional<int> found;
  for (uint64_t i = 0; i < *entries; ++i) {
    const uint64_t entry = *directory + 2 + 12 * i;
    const auto tag = tiff.number(entry, 2);
    if (!tag) break;
    if (*tag != kOrientationTag) continue;
    if (const auto value = value_of(tiff, entry)) found = value;  // the last of several, as Pillow has it
  }
  return found;
}

std::optional<int> xmp_orientation(std::span<const uint8_t> xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  const std::string_view packet = text(xmp);
  for (size_t at = packet.find(kName); at != packet.npos; at = packet.find(kName, at + 1)) {
    const std::string_view rest = packet.substr(at + kName.size());
    const size_t skip = rest.starts_with("=\"") ? 2 : rest.starts_with(">") ? 1 : 0;
    if (skip == 0 || rest.size() <= skip || rest[skip] < '0' || rest[skip] > '9') continue;
    return rest[skip] - '0';
  }
  return std::nullopt;
}

int orientation_of(std::span<const uint8_t> exif, std::span<const uint8_t> xmp) {
  auto found = exif_orientation(exif);
  if (!found) found = xmp_orientation(xmp);
  return found && *found >= 2 && *found <= 8 ? *found : 1;
}

}  // namespace echelon::image
