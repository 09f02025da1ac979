#include "data/order/permutation.h"

#include <bit>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"

namespace echelon::data {
namespace {

constexpr int kRounds = 6;

constexpr uint64_t mask(int bits) {
  return (uint64_t{1} << bits) - 1;
}

}  // namespace

Permutation::Permutation(int64_t size, uint64_t key) : size_(size), key_(key) {
  if (size < 1 || size > int64_t{1} << 62)
    throw InternalError(str_format("a permutation of {} elements", size));
  const int bits = std::bit_width(static_cast<uint64_t>(size - 1));
  high_bits_ = bits / 2;
  low_bits_ = bits - high_bits_;
}

uint64_t Permutation::encrypt(uint64_t value) const {
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(key_), static_cast<uint32_t>(key_ >> 32)};
  uint64_t high = value >> low_bits_;
  uint64_t low = value & mask(low_bits_);
  for (uint32_t round = 0; round < kRounds; round += 2) {
    low ^= philox({static_cast<uint32_t>(high), round, 0, 0}, key)[0] & mask(low_bits_);
    high ^= philox({static_cast<uint32_t>(low), round + 1, 0, 0}, key)[0] & mask(high_bits_);
  }
  return high << low_bits_ | low;
}

int64_t Permutation::operator()(int64_t position) const {
  auto value = static_cast<uint64_t>(position);
  do {
    value = encrypt(value);
  } while (value >= static_cast<uint64_t>(size_));
  return static_cast<int64_t>(value);
}

}  // namespace echelon::data
