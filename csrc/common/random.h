// Counter-based random numbers: a value is a pure function of a key and a counter, so neither threads, ranks
// nor restarts change it. Philox4x32-10 after Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3"
// (SC 2011).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace echelon {

/// Ten rounds of Philox4x32.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Mixes one more word into a key: derive_key(derive_key(seed, epoch), sample). Order matters.
uint64_t derive_key(uint64_t key, uint64_t word);
uint64_t derive_key(uint64_t key, std::string_view word);

/// A stream of random numbers that belongs to one key. Cheap to construct; not shared between threads.
class RandomStream {
 public:
  explicit RandomStream(uint64_t key) : key_(key) {}
  uint32_t next_u32();
  uint64_t next_u64();
  double uniform();                         ///< in [0, 1), 53 bits
  double uniform(double low, double high);  ///< in [low, high)
  uint64_t below(uint64_t bound);           ///< in [0, bound), without bias; bound > 0
  double normal();                          ///< mean 0, variance 1 (Box-Muller)

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace echelon
