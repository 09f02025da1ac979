// The ids of short words seen before. A word takes the place of another when both belong at the same place,
// so that memory is bounded and nothing ever has to be cleared.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

class WordCache {
 public:
  static constexpr size_t kLongestWord = 32;  ///< in bytes

  WordCache() : entries_(kEntries) {}

  /// Appends the ids of `word`, which `encode(ids)` appends when they are not known.
  template <class Encode>
  void append(std::string_view word, std::vector<uint32_t>& ids, const Encode& encode) {
    if (word.size() > kLongestWord) return encode(ids);
    const Key key = key_of(word);
    Entry& entry = entries_[place_of(key)];
    if (entry.length == word.size() && entry.key == key) {
      ids.insert(ids.end(), entry.ids.begin(), entry.ids.begin() + entry.count);
      return;
    }
    const size_t start = ids.size();
    encode(ids);
    const size_t count = ids.size() - start;
    if (count > kMostIds) return;
    entry.key = key;
    entry.length = static_cast<uint16_t>(word.size());
    entry.count = static_cast<uint16_t>(count);
    std::copy(ids.begin() + static_cast<int64_t>(start), ids.end(), entry.ids.begin());
  }

 private:
  static constexpr size_t kMostIds = 7, kEntries = 1 << 15;
  using Key = std::array<uint64_t, 4>;
  struct alignas(64) Entry {  // one cache line
    Key key{};
    uint16_t length = 0, count = 0;
    std::array<uint32_t, kMostIds> ids{};
  };

  template <class Number>
  static uint64_t load(const char* from) {
    Number number;
    std::memcpy(&number, from, sizeof number);
    return number;
  }

  /// All bytes of the word, some of them twice; with the length that is unique.
  static Key key_of(std::string_view word) {
    const char* text = word.data();
    const size_t n = word.size();
    if (n >= 16) {
      return {load<uint64_t>(text), load<uint64_t>(text + 8), load<uint64_t>(text + n - 16),
              load<uint64_t>(text + n - 8)};
    }
    if (n >= 8) return {load<uint64_t>(text), load<uint64_t>(text + n - 8), 0, 0};
    if (n >= 4) return {load<uint32_t>(text) | load<uint32_t>(text + n - 4) << 32, 0, 0, 0};
    const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(text[i])); };
    return {n == 0 ? 0 : byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16 | uint64_t{n} << 24, 0, 0, 0};
  }

  static size_t place_of(const Key& key) {
    uint64_t mixed = key[0] * 0x9e3779b97f4a7c15 ^ (key[1] + 0x7f4a7c15) * 0xc2b2ae3d27d4eb4f;
    mixed ^= mixed >> 32;
    mixed += key[2] * 0x165667b19e3779f9 ^ key[3] * 0xd6e8feb86659fd93;
    mixed *= 0x9e3779b97f4a7c15;
    return mixed >> 49;
  }

  std::vector<Entry> entries_;
};

}  // namespace echelon::tokenizer
