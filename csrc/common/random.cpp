#include "common/random.h"

#include <cmath>
#include <numbers>

namespace echelon {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

uint64_t derive_key(uint64_t key, uint64_t word) {
  const auto block = philox({static_cast<uint32_t>(word), static_cast<uint32_t>(word >> 32), 0x4b65794bU, 0},
                            {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
  return block[0] | static_cast<uint64_t>(block[1]) << 32;
}

uint64_t derive_key(uint64_t key, std::string_view word) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return derive_key(key, hash);
}

uint32_t RandomStream::next_u32() {
  if (used_ == 4) {
    block_ = philox({static_cast<uint32_t>(counter_), static_cast<uint32_t>(counter_ >> 32), 0, 0},
                    {static_cast<uint32_t>(key_), static_cast<uint32_t>(key_ >> 32)});
    ++counter_;
    used_ = 0;
  }
  return block_[used_++];
}

uint64_t RandomStream::next_u64() {
  const uint64_t low = next_u32();
  return low | static_cast<uint64_t>(next_u32()) << 32;
}

double RandomStream::uniform() {
  return static_cast<double>(next_u64() >> 11) * 0x1p-53;
}

double RandomStream::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

uint64_t RandomStream::below(uint64_t bound) {
  // Values below 2^64 mod bound would make small results likelier (rejection as in arc4random_uniform).
  const uint64_t reject = -bound % bound;
  uint64_t value = next_u64();
  while (value < reject) value = next_u64();
  return value % bound;
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace echelon
