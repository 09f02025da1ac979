// UTF-8 as Unicode 15, table 3-7, defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace echelon::tokenizer {

/// Offset of the first byte that is no part of well-formed UTF-8, or text.size().
size_t first_invalid_utf8(std::string_view text);

/// With U+FFFD for each maximal part of what is not well-formed (the Unicode Standard, section 3.9), which is
/// what Python's errors="replace" and Rust's from_utf8_lossy do.
std::string replace_invalid_utf8(std::string_view text);

void append_utf8(std::string& text, uint32_t code_point);

/// Offset of the first byte beyond ASCII, or text.size().
size_t first_beyond_ascii(std::string_view text);

/// The code point at `at`, which then stands at the next. The text must be well-formed.
inline uint32_t next_code_point(const char*& at) {
  const auto byte = [&](int i) { return static_cast<uint32_t>(static_cast<uint8_t>(at[i])); };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return ++at, lead;
  if (lead < 0xe0) {
    const uint32_t point = (lead & 0x1f) << 6 | (byte(1) & 0x3f);
    return at += 2, point;
  }
  if (lead < 0xf0) {
    const uint32_t point = (lead & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    return at += 3, point;
  }
  const uint32_t point = (lead & 7) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  return at += 4, point;
}

/// Where the character before `at` starts. The text must be well-formed.
inline const char* previous_character(const char* at) {
  do --at;
  while ((static_cast<uint8_t>(*at) & 0xc0) == 0x80);
  return at;
}

/// Bytes of the character that starts with `lead`, in well-formed text.
inline size_t character_length(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

}  // namespace echelon::tokenizer
