#include <array>

#include "tokenizer/pattern.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

using namespace unicode;

/// What the scanners share: runs of characters by their flags. A match that is empty is none.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : flags_(flags()), end_(text.data() + text.size()) {}
  const char* end() const { return end_; }

 protected:
  uint16_t read(const char*& at) const { return flags_[next_code_point(at)]; }
  uint16_t peek(const char* at) const { return at == end_ ? 0 : read(at); }
  bool is(const char* at, uint16_t wanted) const { return peek(at) & wanted; }
  bool is_none_of(const char* at, uint16_t unwanted) const { return at != end_ && !(peek(at) & unwanted); }

  const char* skip(const char* at, uint16_t wanted) const {
    for (const char* next = at; at != end_ && read(next) & wanted; at = next) {
    }
    return at;
  }
  const char* skip_up_to(const char* at, uint16_t wanted, int count) const {
    for (const char* next = at; count-- > 0 && at != end_ && read(next) & wanted; at = next) {
    }
    return at;
  }
  const char* skip_none_of(const char* at, uint16_t unwanted) const {
    for (const char* next = at; at != end_ && !(read(next) & unwanted); at = next) {
    }
    return at;
  }
  const char* after_blank(const char* at) const { return *at == ' ' ? at + 1 : at; }
  /// ` ?[^\s\p{L}\p{N}]+`, or `at`.
  const char* signs(const char* at) const {
    const char* start = after_blank(at);
    const char* stop = skip_none_of(start, kSpace | kLetter | kNumber);
    return stop == start ? at : stop;
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`, or `at`. Where case is ignored U+017F is an s.
  template <bool kIgnoreCase>
  const char* contraction(const char* at) const {
    if (at == end_ || *at != '\'') return at;
    const auto letter = [&](int i) -> char {
      if (end_ - at <= i) return 0;
      return kIgnoreCase ? static_cast<char>(at[i] | 0x20) : at[i];
    };
    const char first = letter(1), second = letter(2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
    if ((first == 'r' || first == 'v') && second == 'e') return at + 3;
    if (first == 'l' && second == 'l') return at + 3;
    if (kIgnoreCase && end_ - at > 2 && at[1] == '\xc5' && at[2] == '\xbf') return at + 3;
    return at;
  }

  enum class Blanks { kPlain, kLines, kLinesWholeAtEnd };
  /// kPlain: `\s+(?!\S)|\s+`. kLines: `\s*[\r\n]+|\s+(?!\S)|\s+`. kLinesWholeAtEnd: `\s++$` before it.
  template <Blanks kKind>
  const char* blanks(const char* start) const {
    const char *at = start, *last = start, *after_line = nullptr;
    for (const char* next = at; at != end_; at = next) {
      const uint16_t found = read(next);
      if (!(found & kSpace)) break;
      if (found & kNewline) after_line = next;
      last = at;
    }
    const bool at_end = at == end_;
    if (kKind != Blanks::kPlain && after_line && !(at_end && kKind == Blanks::kLinesWholeAtEnd))
      return after_line;
    return at_end || last == start ? at : last;
  }

 private:
  const uint16_t* flags_;
  const char* end_;
};

struct Gpt2 : Scanner {
  using Scanner::Scanner;
  const char* match(const char* at) const {
    if (const char* stop = contraction<false>(at); stop != at) return stop;
    const char* start = after_blank(at);
    const uint16_t first = peek(start);
    if (first & kLetter) return skip(start, kLetter);
    if (first & kNumber) return skip(start, kNumber);
    if (start != end() && !(first & kSpace)) return skip_none_of(start, kSpace | kLetter | kNumber);
    return blanks<Blanks::kPlain>(at);
  }
};

/// GPT-4, Llama 3 (three digits at most), Qwen 2 (one).
template <int kDigits, bool kWholeAtEnd = false>
struct Cl100k : Scanner {
  using Scanner::Scanner;
  const char* match(const char* at) const {
    if (const char* stop = contraction<true>(at); stop != at) return stop;
    const char* next = at;
    const uint16_t first = read(next);
    if (first & kLetter) return skip(next, kLetter);
    if (first & kNumber) return skip_up_to(at, kNumber, kDigits);
    if (!(first & kNewline) && is(next, kLetter)) return skip(next, kLetter);
    if (const char* stop = signs(at); stop != at) return skip(stop, kNewline);
    return blanks < kWholeAtEnd ? Blanks::kLinesWholeAtEnd : Blanks::kLines > (at);
  }
};

/// GPT-4o (with contractions, three digits at most), Mistral's Tekken (without, one digit).
template <int kDigits, bool kContractions>
struct O200k : Scanner {
  using Scanner::Scanner;
  const char* match(const char* at) const {
    const char* next = at;
    const uint16_t first = read(next);
    const bool may_lead = !(first & (kNewline | kLetter | kNumber));
    const char* stop = may_lead ? lower_word(next) : nullptr;
    if (!stop) stop = lower_word(at);
    if (!stop && may_lead) stop = upper_word(next);
    if (!stop) stop = upper_word(at);
    if (stop) return kContractions ? contraction<true>(stop) : stop;
    if (first & kNumber) return skip_up_to(at, kNumber, kDigits);
    if (stop = signs(at); stop != at) {
      while (stop != end() && (*stop == '\r' || *stop == '\n' || *stop == '/')) ++stop;
      return stop;
    }
    return blanks<Blanks::kLines>(at);
  }

 private:
  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or null.
  const char* lower_word(const char* at) const {
    const char* after_both = nullptr;  // of what is in either class, the last: there the first gives back
    for (const char* next = at; at != end(); at = next) {
      const uint16_t found = read(next);
      if (!(found & kUpper)) break;
      if (found & kLower) after_both = next;
    }
    return is(at, kLower) ? skip(at, kLower) : after_both;
  }
  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`, or null.
  const char* upper_word(const char* at) const {
    const char* stop = skip(at, kUpper);
    return stop == at ? nullptr : skip(stop, kLower);
  }
};

/// The third of DeepSeek's patterns. Control characters and the like match nothing.
struct DeepSeek : Scanner {
  using Scanner::Scanner;
  const char* match(const char* at) const {
    const char* next = at;
    const uint16_t first = read(next);
    if (static_cast<uint8_t>(*at) < 0x80 && first & kSign && next != end() && is_ascii_letter(*next)) {
      while (next != end() && is_ascii_letter(*next)) ++next;
      return next;
    }
    if (!(first & (kNewline | kLetter | kSign)) && is(next, kLetter | kMark))
      return skip(next, kLetter | kMark);
    if (first & (kLetter | kMark)) return skip(at, kLetter | kMark);
    const char* start = after_blank(at);
    if (is(start, kSign)) return skip(skip(start, kSign), kNewline);
    return first & kSpace ? blanks<Blanks::kLines>(at) : at;
  }

 private:
  static bool is_ascii_letter(char letter) {
    const char lower = static_cast<char>(letter | 0x20);
    return lower >= 'a' && lower <= 'z';
  }
};

struct Digits : Scanner {  // `\p{N}{1,3}`
  using Scanner::Scanner;
  const char* match(const char* at) const { return skip_up_to(at, kNumber, 3); }
};

struct ChineseAndKana : Scanner {
  using Scanner::Scanner;
  const char* match(const char* at) const {
    for (const char* next = at; at != end() && is_member(next_code_point(next)); at = next) {
    }
    return at;
  }

 private:
  static bool is_member(uint32_t point) {
    return (point >= 0x4e00 && point <= 0x9fa5) || (point >= 0x3040 && point <= 0x30ff);
  }
};

template <class Kind>
class ScannerPattern : public Pattern {
 public:
  void find(std::string_view text, FunctionRef<void(size_t, size_t)> found) const override {
    const Kind scanner(text);
    for (const char* at = text.data(); at != scanner.end();) {
      const char* stop = scanner.match(at);
      if (stop == at) {
        at += character_length(*at);
      } else {
        found(static_cast<size_t>(at - text.data()), static_cast<size_t>(stop - text.data()));
        at = stop;
      }
    }
  }
};

template <class Kind>
std::unique_ptr<Pattern> make() {
  return std::make_unique<ScannerPattern<Kind>>();
}

// clang-format off
#define ECHELON_UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define ECHELON_LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"
#define ECHELON_SUFFIX R"((?i:'s|'t|'re|'ve|'m|'ll|'d))"
#define ECHELON_LEAD R"([^\r\n\p{L}\p{N}]?)"
#define ECHELON_BLANKS R"(\s*[\r\n]+|\s+(?!\S)|\s+)"

struct Known {
  std::string_view regex;
  std::unique_ptr<Pattern> (*make)();
};
constexpr Known kKnown[] = {
    // GPT-2 and its like; r50k_base and p50k_base.
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", &make<Gpt2>},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)", &make<Gpt2>},
    // cl100k_base as in converted files and Llama 3; as in tiktoken.
    {ECHELON_SUFFIX "|" ECHELON_LEAD R"(\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" ECHELON_BLANKS, &make<Cl100k<3>>},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)",
     &make<Cl100k<3, true>>},
    // Qwen 2 and 3.
    {ECHELON_SUFFIX "|" ECHELON_LEAD R"(\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|)" ECHELON_BLANKS, &make<Cl100k<1>>},
    // o200k_base, and Tekken.
    {ECHELON_LEAD ECHELON_UPPER "*" ECHELON_LOWER "+" ECHELON_SUFFIX "?|" ECHELON_LEAD ECHELON_UPPER "+" ECHELON_LOWER "*"
     ECHELON_SUFFIX R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" ECHELON_BLANKS, &make<O200k<3, true>>},
    {ECHELON_LEAD ECHELON_UPPER "*" ECHELON_LOWER "+|" ECHELON_LEAD ECHELON_UPPER "+" ECHELON_LOWER
     R"(*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" ECHELON_BLANKS, &make<O200k<1, false>>},
    // DeepSeek's three.
    {R"(\p{N}{1,3})", &make<Digits>},
    {"[一-龥\u3040-ゟ゠-ヿ]+", &make<ChineseAndKana>},
    {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^)" "\r\n" R"(\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[)"
     "\r\n" R"(]*|\s*[)" "\r\n" R"(]+|\s+(?!\S)|\s+)", &make<DeepSeek>},
};
// clang-format on

}  // namespace

std::unique_ptr<Pattern> make_scanner(std::string_view regex) {
  for (const Known& known : kKnown) {
    if (known.regex == regex) return known.make();
  }
  return nullptr;
}

}  // namespace echelon::tokenizer
