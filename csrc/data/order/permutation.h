// A random-access permutation of [0, size): O(1) memory however many samples there are.
//
// A Feistel network of six rounds over Philox (Luby and Rackoff, "How to construct pseudorandom permutations
// from pseudorandom functions", 1988) permutes the smallest power of two that holds `size`; values that fall
// outside are permuted again until they fall inside (cycle walking: Black and Rogaway, "Ciphers with
// Arbitrary Finite Domains", 2002). Fewer than two walks are expected for any size.
#pragma once

#include <cstdint>

namespace echelon::data {

class Permutation {
 public:
  /// `size` from 1 to 2^62. The same size and key always give the same permutation.
  Permutation(int64_t size, uint64_t key);

  int64_t size() const { return size_; }
  /// The value at `position`, 0 ≤ position < size().
  int64_t operator()(int64_t position) const;

 private:
  uint64_t encrypt(uint64_t value) const;

  int64_t size_;
  uint64_t key_;
  int high_bits_ = 0;
  int low_bits_ = 0;
};

}  // namespace echelon::data
