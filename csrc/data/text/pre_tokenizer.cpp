#include "data/text/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

// `\s` is spelled out as Unicode's White_Space, which the reference uses: PCRE2 counts U+180E as well.
#define ECHELON_SPACE \
  "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
constexpr const char* kPattern =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" ECHELON_SPACE "\\p{L}\\p{N}]+|[" ECHELON_SPACE
    "]+(?![^" ECHELON_SPACE "])|[" ECHELON_SPACE "]+";
#undef ECHELON_SPACE

std::string message(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

template <class Pointer>
Pointer require(Pointer pointer) {
  if (!pointer) throw InternalError("PCRE2 is out of memory");
  return pointer;
}

}  // namespace

struct WordSplitter::Pattern {
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code{nullptr, &pcre2_code_free};
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match{nullptr, &pcre2_match_data_free};
  std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> context{
      nullptr, &pcre2_match_context_free};
  std::unique_ptr<pcre2_jit_stack, decltype(&pcre2_jit_stack_free)> stack{nullptr, &pcre2_jit_stack_free};
};

WordSplitter::WordSplitter() : pattern_(std::make_unique<Pattern>()) {
  int error = 0;
  size_t offset = 0;
  pattern_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern), PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK, &error,
                                     &offset, nullptr));
  if (!pattern_->code)
    throw InternalError(str_format("the pattern of words does not compile: {}", message(error)));
  pcre2_jit_compile(pattern_->code.get(), PCRE2_JIT_COMPLETE);  // where PCRE2 has no JIT, it interprets
  pattern_->match.reset(require(pcre2_match_data_create(1, nullptr)));
  pattern_->context.reset(require(pcre2_match_context_create(nullptr)));
  pattern_->stack.reset(require(pcre2_jit_stack_create(32 << 10, 8 << 20, nullptr)));
  pcre2_jit_stack_assign(pattern_->context.get(), nullptr, pattern_->stack.get());
}

WordSplitter::~WordSplitter() = default;

size_t WordSplitter::first_word(std::string_view text) {
  const int matched =
      pcre2_match(pattern_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                  PCRE2_NO_UTF_CHECK, pattern_->match.get(), pattern_->context.get());
  if (matched < 0) throw DataError(str_format("cannot cut the text into words: {}", message(matched)));
  return pcre2_get_ovector_pointer(pattern_->match.get())[1];
}

}  // namespace echelon::data
