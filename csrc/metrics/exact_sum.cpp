#include "metrics/exact_sum.h"

#include <bit>
#include <cmath>

#include "common/error.h"

namespace echelon::metrics {
namespace {

constexpr int kMantissaBits = 52, kDigitBits = 32;
constexpr int64_t kDigitMask = (int64_t{1} << kDigitBits) - 1;
constexpr int64_t kMostAdditions = int64_t{1} << 30;  ///< each changes a digit by less than 2^32
constexpr int kUnitExponent = -1074;

}  // namespace

void ExactSum::add(double value) {
  if (!std::isfinite(value)) throw InternalError("a value that is not finite in an exact sum");
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto exponent = static_cast<int>(bits >> kMantissaBits & 0x7ff);
  uint64_t mantissa = bits & ((uint64_t{1} << kMantissaBits) - 1);
  if (exponent > 0) mantissa |= uint64_t{1} << kMantissaBits;
  const int place = exponent > 0 ? exponent - 1 : 0;
  auto shifted = static_cast<unsigned __int128>(mantissa) << place % kDigitBits;
  for (size_t digit = static_cast<size_t>(place / kDigitBits); shifted != 0;
       ++digit, shifted >>= kDigitBits) {
    const int64_t part = static_cast<int64_t>(shifted) & kDigitMask;
    digits_[digit] += value < 0 ? -part : part;
  }
  if (++additions_ == kMostAdditions) carry();
}

void ExactSum::carry() {
  for (size_t i = 0; i + 1 < kDigits; ++i) {
    digits_[i + 1] += digits_[i] >> kDigitBits;
    digits_[i] &= kDigitMask;
  }
  additions_ = 0;
}

std::span<int64_t> ExactSum::digits() {
  carry();
  return digits_;
}

double ExactSum::value() const {
  ExactSum sum = *this;
  sum.carry();
  const bool negative = sum.digits_.back() < 0;
  if (negative) {
    for (int64_t& digit : sum.digits_) digit = -digit;
    sum.carry();
  }
  size_t top = kDigits - 1;
  while (top > 2 && sum.digits_[top] == 0) --top;
  unsigned __int128 leading = 0;
  for (size_t i = top; i + 3 > top; --i) {
    leading = leading << kDigitBits | static_cast<uint64_t>(sum.digits_[i]);
    if (i == 0) break;
  }
  for (size_t i = 0; i + 2 < top; ++i) {
    if (sum.digits_[i] != 0) leading |= 1;  // what follows decides a tie, and nothing else
  }
  const double magnitude =
      std::ldexp(static_cast<double>(leading), static_cast<int>(top - 2) * kDigitBits + kUnitExponent);
  return negative ? -magnitude : magnitude;
}

}  // namespace echelon::metrics
