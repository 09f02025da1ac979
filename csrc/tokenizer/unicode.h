// Properties of code points, as the reference (`tokenizers` 0.23) sees them: its parts follow different
// versions of Unicode, so no library's tables would give its ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace echelon::tokenizer::unicode {

/// General categories, in the order of make_unicode_tables.py.
enum Category : uint8_t {
  // clang-format off
  kCn, kCc, kCf, kCo, kLu, kLl, kLt, kLm, kLo, kMn, kMc, kMe, kNd, kNl, kNo,
  kPc, kPd, kPs, kPe, kPi, kPf, kPo, kSm, kSc, kSk, kSo, kZs, kZl, kZp
  // clang-format on
};

enum Flag : uint16_t {
  kLetter = 1 << 0,               ///< \p{L} of patterns
  kMark = 1 << 1,                 ///< \p{M}
  kNumber = 1 << 2,               ///< \p{N}
  kSign = 1 << 3,                 ///< \p{P} or \p{S}
  kSpace = 1 << 4,                ///< White_Space, which is \s
  kNewline = 1 << 5,              ///< carriage return or line feed
  kUpper = 1 << 6,                ///< Lu, Lt, Lm, Lo or M
  kLower = 1 << 7,                ///< Ll, Lm, Lo or M
  kWord = 1 << 8,                 ///< \w
  kNumeric = 1 << 9,              ///< what Digits splits at
  kPunctuation = 1 << 10,         ///< what Punctuation and BertPreTokenizer split at
  kOther = 1 << 11,               ///< what BertNormalizer removes as control
  kNonspacingMark = 1 << 12,      ///< what BertNormalizer strips as accent
  kCombiningMark = 1 << 13,       ///< what StripAccents strips
  kClusterExtension = 1 << 15,    ///< belongs to the grapheme cluster before it
  kOutsideNormalForms = 1 << 14,  ///< unknown to the version of the normal forms: they leave it alone
};

/// The flags of each of the 0x110000 code points. Made when first asked for; thread-safe.
const uint16_t* flags();

/// Lower case, code point by code point.
void append_lower(std::string& text, uint32_t code_point);

}  // namespace echelon::tokenizer::unicode
