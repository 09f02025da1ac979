#include "tokenizer/property_ranges.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "common/format.h"
#include "tokenizer/pcre2.h"
#include "tokenizer/unicode_tables.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

/// In the order of unicode::Category.
constexpr std::array<std::string_view, 29> kNames = {
    "Cn", "Cc", "Cf", "Co", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No",
    "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp"};

bool is_surrogate(uint32_t point) {
  return point >= 0xd800 && point < 0xe000;
}

/// All code points that the reference counts in, as text.
std::string members_of(std::string_view name) {
  const std::vector<uint32_t>& starts = unicode::category_starts();
  std::string members;
  for (size_t i = 0; i < starts.size(); ++i) {
    if (!kNames[starts[i] & 31].starts_with(name)) continue;
    const uint32_t end = i + 1 < starts.size() ? starts[i + 1] >> 5 : 0x110000;
    for (uint32_t point = starts[i] >> 5; point < end; ++point) {
      if (!is_surrogate(point)) append_utf8(members, point);
    }
  }
  return members;
}

/// Those of them that PCRE2 does not count in, as ranges of a class.
std::string missing_ranges(std::string_view name, std::string_view members) {
  const std::string pattern = str_format("\\P{{{}}}+", name);
  int error = 0;
  size_t offset = 0, at = 0;
  const pcre2::Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                       PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &offset, nullptr));
  const pcre2::MatchData data(pcre2::require(pcre2_match_data_create(1, nullptr)));
  std::string ranges;
  while (code && pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(members.data()), members.size(), at,
                             PCRE2_NO_UTF_CHECK, data.get(), nullptr) > 0) {
    const size_t* ends = pcre2_get_ovector_pointer(data.get());
    at = ends[1];
    const char* next = members.data() + ends[0];
    for (uint32_t first = next_code_point(next), last = first;;) {
      const bool more = next != members.data() + at;
      const uint32_t point = more ? next_code_point(next) : 0;
      if (more && point == last + 1) {
        last = point;
        continue;
      }
      ranges += str_format("\\x{{{:x}}}-\\x{{{:x}}}", first, last);
      if (!more) break;
      first = last = point;
    }
  }
  return ranges;
}

}  // namespace

std::string property_in_class(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::string, std::less<>> known;
  const auto is_category = [&](std::string_view category) { return category.starts_with(name); };
  const std::string plain = str_format("\\p{{{}}}", name);
  if (name.empty() || std::none_of(kNames.begin(), kNames.end(), is_category)) return plain;
  const std::scoped_lock lock(mutex);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  return known[std::string(name)] = plain + missing_ranges(name, members_of(name));
}

}  // namespace echelon::tokenizer
