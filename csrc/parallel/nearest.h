// The valid numbers that lie nearest to one that is not: for messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace echelon::parallel {

/// The nearest divisors of `whole` below and above `value`.
std::vector<std::string> nearest_divisors(int64_t whole, int64_t value);
/// The nearest multiples of `unit` at most and above `value`, above 0.
std::vector<std::string> nearest_multiples(int64_t unit, int64_t value);

}  // namespace echelon::parallel
