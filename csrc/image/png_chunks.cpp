#include "image/png_chunks.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "common/error.h"
#include "image/exif.h"

namespace echelon::image {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kSignature = 8, kHeaderData = 13;
constexpr size_t kOverhead = 12;  // length, name and checksum
constexpr std::array<uint8_t, 12> kEnd{0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

uint32_t big_endian(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

std::string_view text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The packet in an iTXt chunk that holds XMP unpacked: keyword, two flags, language, translated keyword,
/// text.
std::span<const uint8_t> xmp_packet(std::span<const uint8_t> content) {
  constexpr std::string_view kStart = "XML:com.adobe.xmp\0\0"sv;
  if (!text(content).starts_with(kStart)) return {};
  size_t at = kStart.size() + 1;
  for (int skipped = 0; skipped < 2; ++skipped) {
    at = at > content.size() ? at : text(content).find('\0', at);
    if (at >= content.size()) return {};
    ++at;
  }
  return content.subspan(at);
}

void add(std::vector<std::span<const uint8_t>>& pieces, std::span<const uint8_t> piece) {
  if (!pieces.empty() && pieces.back().data() + pieces.back().size() == piece.data()) {
    pieces.back() = {pieces.back().data(), pieces.back().size() + piece.size()};
  } else {
    pieces.push_back(piece);
  }
}

void read_header(std::span<const uint8_t> content, PngChunks& chunks) {
  if (content.size() != kHeaderData) throw DataError("corrupt PNG: a header of the wrong length");
  chunks.size = {big_endian(content.data() + 4), big_endian(content.data())};
  chunks.bit_depth = content[8];
  chunks.colour_type = content[9];
}

}  // namespace

PngChunks read_png_chunks(std::span<const uint8_t> encoded) {
  PngChunks chunks;
  std::span<const uint8_t> exif, xmp;
  bool has_picture = false;
  add(chunks.needed, encoded.first(std::min(kSignature, encoded.size())));
  for (size_t at = kSignature; at + kOverhead <= encoded.size();) {
    const size_t length = big_endian(encoded.data() + at);
    const std::string_view name = text(encoded.subspan(at + 4, 4));
    const bool is_first = at == kSignature;
    if (is_first != (name == "IHDR")) throw DataError("corrupt PNG: it does not begin with its header");
    const bool is_picture = name == "IDAT", is_cut = length > encoded.size() - at - kOverhead;
    if (is_cut && (is_first || is_picture)) throw DataError("corrupt PNG: it is truncated");
    if (is_cut) break;
    const auto content = encoded.subspan(at + 8, length);
    if (is_first) read_header(content, chunks);
    if (name == "IEND") break;
    has_picture |= is_picture;
    if (is_first || is_picture || name == "PLTE") add(chunks.needed, encoded.subspan(at, length + kOverhead));
    if (name == "eXIf") exif = content;
    if (name == "iTXt" && !xmp_packet(content).empty()) xmp = xmp_packet(content);
    at += length + kOverhead;
  }
  if (chunks.bit_depth == 0) throw DataError("corrupt PNG: it ends before its header does");
  if (!has_picture) throw DataError("corrupt PNG: it ends before the picture begins");
  chunks.needed.emplace_back(kEnd);
  chunks.orientation = orientation_of(exif, xmp);
  return chunks;
}

bool PngStream::read(void* target, size_t size) {
  auto* out = static_cast<uint8_t*>(target);
  while (size > 0) {
    if (current_ == rest_.size()) return false;
    auto& piece = rest_[current_];
    const size_t count = std::min(size, piece.size());
    std::memcpy(out, piece.data(), count);
    piece = piece.subspan(count);
    out += count;
    size -= count;
    if (piece.empty()) ++current_;
  }
  return true;
}

}  // namespace echelon::image
