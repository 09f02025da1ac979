#include "tokenizer/byte_level.h"

#include <cstdint>

#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

constexpr uint32_t kLimit = 256 + 68;  // 68 bytes are not visible

std::array<uint32_t, 256> code_points() {
  std::array<uint32_t, 256> points;
  uint32_t next_free = 256;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    points[byte] = visible ? byte : next_free++;
  }
  return points;
}

std::array<int, kLimit> bytes_of_points() {
  std::array<int, kLimit> bytes;
  bytes.fill(-1);
  const std::array<uint32_t, 256> points = code_points();
  for (int byte = 0; byte < 256; ++byte) bytes[points[byte]] = byte;
  return bytes;
}

}  // namespace

const std::array<std::string, 256>& byte_alphabet() {
  static const std::array<std::string, 256> alphabet = [] {
    std::array<std::string, 256> made;
    const std::array<uint32_t, 256> points = code_points();
    for (int byte = 0; byte < 256; ++byte) append_utf8(made[byte], points[byte]);
    return made;
  }();
  return alphabet;
}

std::string bytes_to_characters(std::string_view bytes) {
  const std::array<std::string, 256>& alphabet = byte_alphabet();
  std::string characters;
  characters.reserve(bytes.size() * 2);
  for (const char byte : bytes) characters += alphabet[static_cast<uint8_t>(byte)];
  return characters;
}

std::optional<std::string> characters_to_bytes(std::string_view characters) {
  static const std::array<int, kLimit> bytes_of = bytes_of_points();
  std::string bytes;
  bytes.reserve(characters.size());
  for (const char* at = characters.data(); at != characters.data() + characters.size();) {
    const uint32_t point = next_code_point(at);
    if (point >= kLimit || bytes_of[point] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(bytes_of[point]));
  }
  return bytes;
}

}  // namespace echelon::tokenizer
