#include <algorithm>
#include <vector>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/pattern.h"
#include "tokenizer/pcre2.h"
#include "tokenizer/property_ranges.h"

namespace echelon::tokenizer {
namespace {

// Spelled out, for PCRE2's `\s` has U+180E besides.
constexpr std::string_view kSpaces =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr size_t kLongestPattern = 1 << 16;
constexpr uint32_t kMatchLimit = 20'000'000;

[[noreturn]] void refuse(std::string_view regex, std::string_view why) {
  throw DataError(str_format("the pattern {} is not supported: {}", regex, why));
}

/// From Ruby's syntax to Perl's.
class Translator {
 public:
  explicit Translator(std::string_view regex) : regex_(regex) {}

  std::string translate() {
    while (at_ < regex_.size()) {
      const char sign = regex_[at_];
      if (sign == '\\') {
        escape();
      } else if (in_class_) {
        inside_class(sign);
      } else {
        outside_class(sign);
      }
    }
    if (in_class_) refuse(regex_, "a class is not closed");
    return std::move(translated_);
  }

 private:
  void copy(size_t count) {
    translated_ += regex_.substr(at_, count);
    at_ += count;
  }
  bool next_is(std::string_view text) const { return regex_.substr(at_).starts_with(text); }

  void inside_class(char sign) {
    if (sign == '[') refuse(regex_, "a class within a class");
    if (next_is("&&")) refuse(regex_, "an intersection of classes");
    if (sign == ']' && at_ != class_start_) in_class_ = false;
    copy(1);
  }

  void outside_class(char sign) {
    if (sign == '[') {
      in_class_ = true;
      copy(next_is("[^") ? 2 : 1);
      class_start_ = at_;
      return;
    }
    if (sign == '(' && regex_.substr(at_ + 1).starts_with('?')) {
      const std::string_view known[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:"};
      const auto kind =
          std::find_if(std::begin(known), std::end(known), [&](auto text) { return next_is(text); });
      if (kind == std::end(known))
        refuse(regex_, "a group of another kind than (?: (?= (?! (?<= (?<! (?> (?i:");
      return copy(kind->size());
    }
    if (sign == '(' && regex_.substr(at_ + 1).starts_with('*')) refuse(regex_, "a verb (*…)");
    if (sign == '}' && regex_.substr(at_ + 1).starts_with('+'))
      refuse(regex_,
             "{n,m}+ means a repetition of repetitions in one syntax and a possessive one in another");
    copy(1);
  }

  /// A set of characters, within a class or as one.
  void add_set(std::string_view set, bool negated, size_t length) {
    if (in_class_ && negated) refuse(regex_, str_format("{} within a class", regex_.substr(at_, length)));
    translated_ += in_class_ ? std::string(set) : str_format("[{}{}]", negated ? "^" : "", set);
    at_ += length;
  }

  /// `\p{Lu}`, `\P{L}`, `\p{^L}`.
  void property(bool negated) {
    const std::string_view rest = regex_.substr(at_ + 2);
    if (!rest.starts_with('{')) return refuse(regex_, "\\p without braces");
    const size_t end = rest.find('}');
    if (end == rest.npos) refuse(regex_, "a property is not closed");
    std::string_view name = rest.substr(1, end - 1);
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    add_set(property_in_class(name), negated, 2 + end + 1);
  }

  void escape() {
    if (at_ + 1 == regex_.size()) refuse(regex_, "it ends with a backslash");
    const char kind = regex_[at_ + 1];
    if (kind == 's' || kind == 'S') return add_set(kSpaces, kind == 'S', 2);
    if (kind == 'd' || kind == 'D') return add_set(property_in_class("Nd"), kind == 'D', 2);
    if (kind == 'p' || kind == 'P') return property(kind == 'P');
    if (kind == 'w' || kind == 'W') {
      std::string word;
      for (const char* name : {"L", "M", "Nd", "Nl", "Pc"}) word += property_in_class(name);
      return add_set(word, kind == 'W', 2);
    }
    if (kind == 'v') {
      translated_ += "\\x0b";
      at_ += 2;
      return;
    }
    const bool letter_or_digit =
        (kind >= '0' && kind <= '9') || (kind >= 'a' && kind <= 'z') || (kind >= 'A' && kind <= 'Z');
    if (letter_or_digit && std::string_view("rntfaex").find(kind) == std::string_view::npos)
      refuse(regex_, str_format("\\{}", kind));
    copy(2);
  }

  std::string_view regex_;
  std::string translated_;
  size_t at_ = 0, class_start_ = 0;
  bool in_class_ = false;
};

/// What a thread needs to match with.
struct Workspace {
  pcre2::MatchData data{pcre2::require(pcre2_match_data_create(1, nullptr))};
  pcre2::Owned<pcre2_match_context, pcre2_match_context_free> context{
      pcre2::require(pcre2_match_context_create(nullptr))};
  pcre2::Owned<pcre2_jit_stack, pcre2_jit_stack_free> stack{
      pcre2::require(pcre2_jit_stack_create(32 << 10, 8 << 20, nullptr))};
  Workspace() {
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    pcre2_set_match_limit(context.get(), kMatchLimit);
  }
};

class GeneralPattern : public Pattern {
 public:
  explicit GeneralPattern(std::string_view regex) : regex_(regex) {
    const std::string translated = Translator(regex).translate();
    const pcre2::Owned<pcre2_compile_context, pcre2_compile_context_free> context(
        pcre2::require(pcre2_compile_context_create(nullptr)));
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    pcre2_set_max_pattern_length(context.get(), kLongestPattern);
    int error = 0;
    size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NO_UTF_CHECK, &error, &offset,
                              context.get()));
    if (!code_) refuse(regex, pcre2::message(error));
    uint32_t empty = 0;
    pcre2_pattern_info(code_.get(), PCRE2_INFO_MATCHEMPTY, &empty);
    if (empty) refuse(regex, "it may match nothing at all");
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // where PCRE2 has no JIT, it interprets
  }

  void find(std::string_view text, FunctionRef<void(size_t, size_t)> found) const override {
    static thread_local Workspace workspace;
    for (size_t at = 0; at < text.size();) {
      const int matched = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                      PCRE2_NO_UTF_CHECK, workspace.data.get(), workspace.context.get());
      if (matched == PCRE2_ERROR_NOMATCH) return;
      if (matched < 0) {
        throw DataError(
            str_format("cannot cut the text with {} after byte {}: {}", regex_, at, pcre2::message(matched)));
      }
      const size_t* ends = pcre2_get_ovector_pointer(workspace.data.get());
      const size_t start = ends[0], stop = ends[1];  // `found` may match again
      found(start, stop);
      at = stop;
    }
  }

 private:
  std::string regex_;
  pcre2::Code code_;
};

}  // namespace

std::unique_ptr<Pattern> make_general_pattern(std::string_view regex) {
  return std::make_unique<GeneralPattern>(regex);
}

}  // namespace echelon::tokenizer
