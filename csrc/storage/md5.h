// MD5 (RFC 1321), which object stores use as the ETag of what was uploaded in one piece. It finds damage, not
// forgery.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace echelon::storage {

/// Feed bytes in any pieces, then ask for the 32 hexadecimal digits.
class Md5 {
 public:
  void update(std::span<const uint8_t> bytes);
  std::string hex() const;

 private:
  void add_block(const uint8_t* block);

  std::array<uint32_t, 4> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<uint8_t, 64> pending_{};
  uint64_t length_ = 0;  ///< bytes so far
};

}  // namespace echelon::storage
