#include "tokenizer/charsmap.h"

#include <utf8proc.h>

#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

bool has_leaf(uint32_t unit) {
  return unit >> 8 & 1;
}
uint32_t value_of(uint32_t unit) {
  return unit & 0x7fffffff;
}
uint32_t label_of(uint32_t unit) {
  return unit & 0x800000ff;
}
uint32_t offset_of(uint32_t unit) {
  return unit >> 10 << ((unit & 1 << 9) >> 6);
}

/// Whether a cluster ends after it whatever follows.
bool is_control(utf8proc_int32_t point) {
  const auto kind = utf8proc_get_property(point)->boundclass;
  return kind == UTF8PROC_BOUNDCLASS_CR || kind == UTF8PROC_BOUNDCLASS_LF ||
         kind == UTF8PROC_BOUNDCLASS_CONTROL;
}

/// Bytes of the extended grapheme cluster that `text` starts with (Unicode Standard Annex 29), with the
/// extending characters of the version that the reference follows.
size_t cluster_length(std::string_view text) {
  const uint16_t* flags = unicode::flags();
  const char *at = text.data(), *end = at + text.size();
  auto before = static_cast<utf8proc_int32_t>(next_code_point(at));
  utf8proc_int32_t state = 0;
  for (const char* next = at; at != end; at = next) {
    const auto point = static_cast<utf8proc_int32_t>(next_code_point(next));
    const bool extends = flags[point] & unicode::kClusterExtension && !is_control(before);
    if (utf8proc_grapheme_break_stateful(before, point, &state) && !extends) break;
    before = point;
  }
  return static_cast<size_t>(at - text.data());
}

}  // namespace

Charsmap::Charsmap(std::string_view bytes) {
  uint32_t size = 0;
  if (bytes.size() >= 4) std::memcpy(&size, bytes.data(), 4);
  if (bytes.size() < 8 || size % 4 != 0 || size < 4 || size > bytes.size() - 4)
    throw DataError(
        str_format("precompiled_charsmap: a trie of {} bytes in a table of {}", size, bytes.size()));
  units_.resize(size / 4);
  std::memcpy(units_.data(), bytes.data() + 4, size);
  texts_ = bytes.substr(4 + size);
  if (first_invalid_utf8(texts_) != texts_.size() || (!texts_.empty() && texts_.back() != '\0'))
    throw DataError("precompiled_charsmap: its texts are no UTF-8, or the last has no end");
}

void Charsmap::check() const {
  std::vector<bool> seen(units_.size());
  std::vector<uint32_t> waiting = {0};
  while (!waiting.empty()) {
    const uint32_t unit = waiting.back(), base = unit ^ offset_of(units_[unit]);
    waiting.pop_back();
    if ((base | 0xff) >= units_.size()) throw DataError("precompiled_charsmap: a branch beyond its trie");
    if (unit != 0 && has_leaf(units_[unit])) text_at(value_of(units_[base]));
    for (uint32_t label = 1; label < 256; ++label) {
      const uint32_t child = base ^ label;
      if (seen[child] || label_of(units_[child]) != label) continue;
      seen[child] = true;
      waiting.push_back(child);
    }
  }
}

std::string_view Charsmap::text_at(uint32_t start) const {
  if (start >= texts_.size() || (static_cast<uint8_t>(texts_[start]) & 0xc0) == 0x80)
    throw DataError("precompiled_charsmap: a value that is no start of a text");
  return std::string_view(texts_).substr(start, texts_.find('\0', start) - start);
}

std::optional<std::string_view> Charsmap::replacement(std::string_view chunk) const {
  uint32_t node = offset_of(units_[0]);
  for (const char byte : chunk) {
    const auto label = static_cast<uint8_t>(byte);
    if (label == 0) return std::nullopt;
    node ^= label;
    if (node >= units_.size() || label_of(units_[node]) != label) return std::nullopt;
    const uint32_t unit = units_[node];
    node ^= offset_of(unit);
    if (has_leaf(unit)) {
      if (node >= units_.size()) throw DataError("precompiled_charsmap: a branch beyond its trie");
      return text_at(value_of(units_[node]));
    }
  }
  return std::nullopt;
}

std::string Charsmap::normalise(std::string_view text) const {
  std::string normalised;
  normalised.reserve(text.size());
  const auto append = [&](std::string_view part) { normalised += replacement(part).value_or(part); };
  while (!text.empty()) {
    const std::string_view cluster = text.substr(0, cluster_length(text));
    text.remove_prefix(cluster.size());
    if (cluster.size() < 6) {
      if (const auto found = replacement(cluster)) {
        normalised += *found;
        continue;
      }
    }
    for (size_t at = 0; at < cluster.size(); at += character_length(cluster[at]))
      append(cluster.substr(at, character_length(cluster[at])));
  }
  return normalised;
}

}  // namespace echelon::tokenizer
