// Sums of doubles without rounding, so that neither their order nor the ranks that share them change a bit.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace echelon::metrics {

/// A whole number of units of 2^-1074, the smallest double, in digits to the base 2^32: a small accumulator
/// after Neal, "Fast exact summation using small and large superaccumulators" (1505.05571).
class ExactSum {
 public:
  /// Of a double's 2098 bits and of what 2^63 of them carry.
  static constexpr size_t kDigits = 68;

  /// Throws InternalError for what is not finite.
  void add(double value);
  /// The double nearest to the sum, ties to even; infinite beyond the largest one.
  double value() const;

  /// All that is known, to be added digit by digit to the digits of other sums (up to 2^30 of them).
  std::span<int64_t> digits();

 private:
  void carry();

  std::array<int64_t, kDigits> digits_{};  ///< signed; each of 32 bits after carry(), but the last
  int64_t additions_ = 0;                  ///< since carry()
};

}  // namespace echelon::metrics
