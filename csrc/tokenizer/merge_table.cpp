#include "tokenizer/merge_table.h"

#include <bit>

namespace echelon::tokenizer {

MergeTable::MergeTable(size_t expected) : slots_(std::bit_ceil(2 * expected + 16)) {}

void MergeTable::add(uint32_t left, uint32_t right, Rule rule) {
  if (2 * (count_ + 1) > slots_.size()) grow();
  const uint64_t key = uint64_t{left} << 32 | right;
  size_t at = place_of(key);
  while (slots_[at].key != kEmpty && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  if (slots_[at].key == kEmpty) ++count_;
  slots_[at] = {key, rule};
}

void MergeTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  count_ = 0;
  for (const Slot& slot : old) {
    if (slot.key != kEmpty)
      add(static_cast<uint32_t>(slot.key >> 32), static_cast<uint32_t>(slot.key), slot.rule);
  }
}

}  // namespace echelon::tokenizer
