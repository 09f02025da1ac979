#include "tokenizer/word_counts.h"

#include <xxhash.h>

#include <algorithm>

namespace echelon::tokenizer {
namespace {

constexpr size_t kBlock = 1 << 20;

}  // namespace

std::string_view WordCounts::keep(std::string_view word) {
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < word.size()) {
    blocks_.emplace_back();
    blocks_.back().reserve(std::max(kBlock, word.size()));
  }
  std::vector<char>& block = blocks_.back();
  block.insert(block.end(), word.begin(), word.end());
  return {block.data() + block.size() - word.size(), word.size()};
}

void WordCounts::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number == 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void WordCounts::add(std::string_view word, uint64_t count) {
  const auto hash = static_cast<uint32_t>(XXH3_64bits(word.data(), word.size()));
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].number != 0; at = (at + 1) & mask) {
    Word& known = words_[slots_[at].number - 1];
    if (slots_[at].hash == hash && known.text == word) {
      known.count += count;
      return;
    }
  }
  words_.push_back({keep(word), count});
  slots_[at] = {hash, static_cast<uint32_t>(words_.size())};
  if (2 * words_.size() > slots_.size()) grow();
}

void WordCounts::add_all(const WordCounts& others) {
  for (const Word& word : others.words_) add(word.text, word.count);
}

}  // namespace echelon::tokenizer
