// XXH3-128 (xxHash 0.8), the checksum of files that Echelon writes: as fast as memory, and any flipped bit
// changes it. It finds damage, not forgery.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;

namespace echelon {

/// Feed bytes in any pieces, then ask for the 32 hexadecimal digits (canonical, big-endian order, as `xxhsum
/// -H128` shows).
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void update(std::span<const std::byte> bytes);
  std::string hex() const;

 private:
  XXH3_state_s* state_;
};

std::string checksum_of(std::span<const std::byte> bytes);

}  // namespace echelon
