#include "storage/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "common/format.h"

namespace echelon::storage {
namespace {

/// T[i] of RFC 1321, section 3.4: the integer part of 2³² · |sin(i)|, i in radians from 1.
std::array<uint32_t, 64> make_sines() {
  std::array<uint32_t, 64> sines{};
  for (size_t i = 0; i < 64; ++i)
    sines[i] =
        static_cast<uint32_t>(std::floor(4294967296.0 * std::fabs(std::sin(static_cast<double>(i + 1)))));
  return sines;
}

constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

uint32_t load_little_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

uint32_t mix(size_t round, uint32_t x, uint32_t y, uint32_t z) {
  switch (round) {
    case 0:
      return (x & y) | (~x & z);
    case 1:
      return (x & z) | (y & ~z);
    case 2:
      return x ^ y ^ z;
    default:
      return y ^ (x | ~z);
  }
}

constexpr size_t word_of(size_t round, size_t i) {
  constexpr size_t kStep[] = {1, 5, 3, 7}, kStart[] = {0, 1, 5, 0};
  return (kStart[round] + kStep[round] * i) % 16;
}

}  // namespace

void Md5::add_block(const uint8_t* block) {
  static const std::array<uint32_t, 64> sines = make_sines();
  uint32_t words[16];
  for (size_t i = 0; i < 16; ++i) words[i] = load_little_endian(block + 4 * i);
  auto [a, b, c, d] = state_;
  for (size_t round = 0; round < 4; ++round) {
    for (size_t i = 0; i < 16; ++i) {
      const uint32_t sum = a + mix(round, b, c, d) + words[word_of(round, i)] + sines[16 * round + i];
      a = std::exchange(d, std::exchange(c, std::exchange(b, b + std::rotl(sum, kShifts[round][i % 4]))));
    }
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Md5::update(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const size_t used = length_ % 64;
    if (used == 0 && bytes.size() >= 64) {
      add_block(bytes.data());
      length_ += 64;
      bytes = bytes.subspan(64);
      continue;
    }
    const size_t taken = std::min(bytes.size(), 64 - used);
    std::memcpy(pending_.data() + used, bytes.data(), taken);
    length_ += taken;
    bytes = bytes.subspan(taken);
    if (length_ % 64 == 0) add_block(pending_.data());
  }
}

std::string Md5::hex() const {
  Md5 rest = *this;
  const uint64_t bits = length_ * 8;
  std::array<uint8_t, 72> padding = {0x80};
  const size_t zeros = (119 - length_ % 64) % 64;  // until 8 bytes are left in a block
  for (size_t i = 0; i < 8; ++i) padding[1 + zeros + i] = static_cast<uint8_t>(bits >> (8 * i));
  rest.update({padding.data(), 1 + zeros + 8});
  std::string text;
  for (const uint32_t word : rest.state_)
    for (int shift = 0; shift < 32; shift += 8) text += str_format("{:02x}", (word >> shift) & 0xff);
  return text;
}

}  // namespace echelon::storage
