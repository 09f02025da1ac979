#include "parallel/nearest.h"

#include <algorithm>

#include "common/format.h"

namespace echelon::parallel {

std::vector<std::string> nearest_divisors(int64_t whole, int64_t value) {
  std::vector<std::string> found;
  for (int64_t below = std::min(value, whole); below >= 1; --below) {
    if (whole % below == 0) {
      found.push_back(str_format("{}", below));
      break;
    }
  }
  for (int64_t above = value + 1; above <= whole; ++above) {
    if (whole % above == 0) {
      found.push_back(str_format("{}", above));
      break;
    }
  }
  return found;
}

std::vector<std::string> nearest_multiples(int64_t unit, int64_t value) {
  const int64_t below = value / unit * unit;
  if (below == 0) return {str_format("{}", unit)};
  return {str_format("{}", below), str_format("{}", below + unit)};
}

}  // namespace echelon::parallel
