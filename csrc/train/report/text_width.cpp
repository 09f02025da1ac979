#include "train/report/text_width.h"

namespace echelon::train {
namespace {

double width_of(char c) {
  constexpr std::string_view kNarrow = " !'(),.:;I[]`fijlrt|", kBroad = "%@MWmw";
  constexpr double kNone = 0, kSlender = 5, kUsual = 7, kWide = 9, kWidest = 11.5;
  const auto byte = static_cast<unsigned char>(c);
  if ((byte & 0xc0) == 0x80) return kNone;  // of a character that began before
  if (byte >= 0x80) return kWidest;
  if (kNarrow.find(c) != kNarrow.npos) return kSlender;
  if (kBroad.find(c) != kBroad.npos) return kWidest;
  return c >= 'A' && c <= 'Z' ? kWide : kUsual;
}

}  // namespace

double text_width(std::string_view text) {
  double width = 0;
  for (const char c : text) width += width_of(c);
  return width;
}

}  // namespace echelon::train
