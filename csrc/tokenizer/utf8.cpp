#include "tokenizer/utf8.h"

#include <cstring>

namespace echelon::tokenizer {
namespace {

/// Length of what starts at `at`: a well-formed sequence, or the longest part that could begin one.
struct Sequence {
  size_t length;
  bool valid;
};

Sequence sequence_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const uint8_t lead = byte(0), second = byte(1);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4 || !follows(1)) return {1, false};
  if (lead < 0xe0) return {2, true};
  if (lead == 0xe0 && second < 0xa0) return {1, false};  // overlong
  if (lead == 0xed && second > 0x9f) return {1, false};  // surrogates
  if (lead == 0xf0 && second < 0x90) return {1, false};  // overlong
  if (lead == 0xf4 && second > 0x8f) return {1, false};  // beyond U+10FFFF
  if (!follows(2)) return {2, false};
  if (lead < 0xf0) return {3, true};
  return follows(3) ? Sequence{4, true} : Sequence{3, false};
}

}  // namespace

size_t first_beyond_ascii(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + at, 8);
    if (bytes & 0x8080808080808080) break;
  }
  while (at < text.size() && static_cast<uint8_t>(text[at]) < 0x80) ++at;
  return at;
}

size_t first_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      at += first_beyond_ascii(text.substr(at));
      continue;
    }
    const Sequence sequence = sequence_at(text, at);
    if (!sequence.valid) return at;
    at += sequence.length;
  }
  return text.size();
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string replaced;
  replaced.reserve(text.size());
  while (!text.empty()) {
    const size_t good = first_invalid_utf8(text);
    replaced.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) break;
    replaced.append("\xef\xbf\xbd");
    text.remove_prefix(sequence_at(text, 0).length);
  }
  return replaced;
}

void append_utf8(std::string& text, uint32_t point) {
  const auto push = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      push(0xe0 | point >> 12);
    } else {
      push(0xf0 | point >> 18);
      push(0x80 | (point >> 12 & 0x3f));
    }
    push(0x80 | (point >> 6 & 0x3f));
  }
  push(0x80 | (point & 0x3f));
}

}  // namespace echelon::tokenizer
