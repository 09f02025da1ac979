#include "tokenizer/unicode.h"

#include <algorithm>
#include <vector>

#include "tokenizer/unicode_tables.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer::unicode {
namespace {

constexpr uint32_t kEnd = 0x110000;

uint16_t flags_of(uint32_t category) {
  if (category == kLu || category == kLt) return kLetter | kUpper;
  if (category == kLl) return kLetter | kLower;
  if (category == kLm || category == kLo) return kLetter | kUpper | kLower;
  if (category >= kMn && category <= kMe) return kMark | kUpper | kLower;
  if (category >= kNd && category <= kNo) return kNumber;
  if (category >= kPc && category <= kSo) return kSign;
  return category >= kZs ? kSpace : 0;
}

void add(std::vector<uint16_t>& flags, const std::vector<uint32_t>& boundaries, uint16_t flag) {
  for (size_t i = 0; i < boundaries.size(); i += 2) {
    const uint32_t end = i + 1 < boundaries.size() ? boundaries[i + 1] : kEnd;
    for (uint32_t point = boundaries[i]; point < end; ++point) flags[point] |= flag;
  }
}

std::vector<uint16_t> make_flags() {
  std::vector<uint16_t> flags(kEnd);
  const std::vector<uint32_t>& starts = category_starts();
  for (size_t i = 0; i < starts.size(); ++i) {
    const uint32_t end = i + 1 < starts.size() ? starts[i + 1] >> 5 : kEnd;
    std::fill(flags.begin() + (starts[i] >> 5), flags.begin() + end, flags_of(starts[i] & 31));
  }
  for (const uint32_t point : {0x9, 0xa, 0xb, 0xc, 0xd, 0x85}) flags[point] |= kSpace;
  flags['\r'] |= kNewline;
  flags['\n'] |= kNewline;
  add(flags, boundaries_of_word(), kWord);
  add(flags, boundaries_of_numeric(), kNumeric);
  add(flags, boundaries_of_punctuation(), kPunctuation);
  add(flags, boundaries_of_other(), kOther);
  add(flags, boundaries_of_nonspacing_mark(), kNonspacingMark);
  add(flags, boundaries_of_combining_mark(), kCombiningMark);
  add(flags, boundaries_of_not_normalised(), kOutsideNormalForms);
  add(flags, boundaries_of_cluster_extension(), kClusterExtension);
  return flags;
}

}  // namespace

const uint16_t* flags() {
  static const std::vector<uint16_t> flags = make_flags();
  return flags.data();
}

void append_lower(std::string& text, uint32_t point) {
  if (point < 0x80) {
    text.push_back(static_cast<char>(point >= 'A' && point <= 'Z' ? point + 32 : point));
    return;
  }
  if (point == 0x130) {  // the only one of two code points
    text.append("i\xcc\x87");
    return;
  }
  const std::vector<LowerRun>& runs = lower_runs();
  auto run = std::upper_bound(runs.begin(), runs.end(), point,
                              [](uint32_t value, const LowerRun& next) { return value < next.first; });
  if (run != runs.begin()) {
    --run;
    if (point <= run->last && (point - run->first) % run->step == 0)
      point = static_cast<uint32_t>(static_cast<int32_t>(point) + run->offset);
  }
  append_utf8(text, point);
}

}  // namespace echelon::tokenizer::unicode
