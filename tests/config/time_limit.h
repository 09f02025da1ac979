// "Within a second", whatever else the machine does meanwhile and however the tests were compiled.
#pragma once

#include <ctime>

namespace echelon::config {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
inline constexpr double kSecond = 20;
#else
inline constexpr double kSecond = 1;
#endif

/// Seconds of processor time since construction.
class ProcessorTime {
 public:
  double seconds() const { return static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC; }

 private:
  std::clock_t start_ = std::clock();
};

}  // namespace echelon::config
