#include "config/encoding.h"

#include "common/format.h"

namespace echelon::config {
namespace {

bool in(unsigned byte, unsigned low, unsigned high) {
  return byte >= low && byte <= high;
}

// Length of the well-formed sequence at `i`, or 0.
size_t sequence_length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0;
  };
  const auto tail = [&](size_t k) { return in(byte(k), 0x80, 0xBF); };
  const unsigned lead = byte(i), second = byte(i + 1);
  if (lead < 0x80) return 1;
  if (in(lead, 0xC2, 0xDF)) return tail(i + 1) ? 2 : 0;
  if (in(lead, 0xE0, 0xEF)) {
    const bool sound = in(second, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return sound && tail(i + 2) ? 3 : 0;
  }
  if (in(lead, 0xF0, 0xF4)) {
    const bool sound = in(second, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return sound && tail(i + 2) && tail(i + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view text) {
  int line = 1, column = 1;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = sequence_length(text, i);
    if (length == 0)
      return BadCharacter{line, column,
                          str_format("not UTF-8 (byte 0x{:02x}); save the file as UTF-8", byte)};
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      return BadCharacter{line, column, str_format("control character 0x{:02x}; remove it", byte)};
    }
    i += length;
    column += static_cast<int>(length);
    if (byte == '\n') ++line, column = 1;
  }
  return std::nullopt;
}

}  // namespace echelon::config
