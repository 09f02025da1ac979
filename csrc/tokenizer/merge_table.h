// Which neighbouring tokens merge, into what, and how early.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace echelon::tokenizer {

class MergeTable {
 public:
  static constexpr uint32_t kNever = ~uint32_t{0};
  struct Rule {
    uint32_t rank = kNever;  ///< the lowest merges first
    uint32_t result = 0;
  };

  MergeTable() : slots_(16) {}
  explicit MergeTable(size_t expected);
  /// Of a pair that is given twice the last holds.
  void add(uint32_t left, uint32_t right, Rule rule);
  Rule find(uint32_t left, uint32_t right) const {
    const uint64_t key = uint64_t{left} << 32 | right;
    for (size_t at = place_of(key);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == key) return slots_[at].rule;
      if (slots_[at].key == kEmpty) return {};
    }
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no id is that large
  struct Slot {
    uint64_t key = kEmpty;
    Rule rule;
  };
  size_t place_of(uint64_t key) const {
    key = (key ^ key >> 29) * 0x9e3779b97f4a7c15;
    return (key ^ key >> 32) & (slots_.size() - 1);
  }
  void grow();

  std::vector<Slot> slots_;  ///< a power of two of them, at most half full
  size_t count_ = 0;
};

}  // namespace echelon::tokenizer
