#include "tokenizer/normal_form.h"

#include <utf8proc.h>

#include <limits>
#include <vector>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

utf8proc_option_t options_of(NormalForm form) {
  int options = UTF8PROC_STABLE;
  options |= form == NormalForm::kNfc || form == NormalForm::kNfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (form == NormalForm::kNfkc || form == NormalForm::kNfkd) options |= UTF8PROC_COMPAT;
  return static_cast<utf8proc_option_t>(options);
}

void append_normalised(std::string& to, std::string_view run, utf8proc_option_t options,
                       std::vector<utf8proc_int32_t>& points) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(run.data());
  const auto size = static_cast<utf8proc_ssize_t>(run.size());
  points.resize(run.size() * 2 + 32);
  auto count =
      utf8proc_decompose(bytes, size, points.data(), static_cast<utf8proc_ssize_t>(points.size()), options);
  if (count > static_cast<utf8proc_ssize_t>(points.size())) {
    points.resize(static_cast<size_t>(count) + 1);
    count = utf8proc_decompose(bytes, size, points.data(), count, options);
  }
  if (count >= 0) count = utf8proc_normalize_utf32(points.data(), count, options);
  if (count < 0) throw InternalError(str_format("utf8proc: {}", utf8proc_errmsg(count)));
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(to, static_cast<uint32_t>(points[i]));
}

/// From a character beyond ASCII to the next that stands alone in every normal form.
const char* end_of_run(const char* at, const char* end, const uint16_t* flags) {
  for (const char* next = at; at != end; at = next) {
    if (flags[next_code_point(next)] & unicode::kOutsideNormalForms) break;
    if (next - at == 1) break;
  }
  return at;
}

}  // namespace

std::string to_normal_form(std::string_view text, NormalForm form) {
  const utf8proc_option_t options = options_of(form);
  const uint16_t* flags = unicode::flags();
  std::vector<utf8proc_int32_t> points;
  std::string normalised;
  normalised.reserve(text.size() + text.size() / 8);
  const char *at = text.data(), *end = at + text.size();
  while (at != end) {
    const size_t ascii = first_beyond_ascii({at, static_cast<size_t>(end - at)});
    // The last of them may combine with what follows.
    const char* run = at + ascii;
    const bool has_base = ascii > 0 && run != end;
    normalised.append(at, has_base ? run - 1 : run);
    const char* stop = end_of_run(run, end, flags);
    if (has_base) --run;
    if (stop != run) append_normalised(normalised, {run, static_cast<size_t>(stop - run)}, options, points);
    at = stop;
    if (at != end && static_cast<uint8_t>(*at) >= 0x80) {
      const size_t length = character_length(*at);
      normalised.append(at, length);
      at += length;
    }
  }
  return normalised;
}

}  // namespace echelon::tokenizer
