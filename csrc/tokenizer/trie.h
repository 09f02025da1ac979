// A trie over bytes, as one hash table of edges.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

class Trie {
 public:
  static constexpr uint32_t kRoot = 0, kNone = ~uint32_t{0};

  Trie();
  /// Of a key added twice the last value holds. Values are below 2^32 - 1.
  void add(std::string_view key, uint32_t value);
  /// The node that `byte` leads to from `node`, or kNone.
  uint32_t child(uint32_t node, char byte) const {
    const uint64_t key = key_of(node, byte);
    for (size_t at = place_of(key);; at = (at + 1) & mask_) {
      if (edges_[at].key == key) return edges_[at].child;
      if (edges_[at].key == kEmpty) return kNone;
    }
  }
  /// The value of the key that ends at `node`, or kNone.
  uint32_t value(uint32_t node) const { return values_[node]; }

  struct Match {
    size_t length;
    uint32_t value;
  };
  /// The longest key that `text` starts with.
  std::optional<Match> longest_prefix(std::string_view text) const;

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};
  struct Edge {
    uint64_t key = kEmpty;
    uint32_t child = 0;
  };
  static uint64_t key_of(uint32_t node, char byte) {
    return uint64_t{node} << 8 | static_cast<uint8_t>(byte);
  }
  size_t place_of(uint64_t key) const { return (key * 0x9e3779b97f4a7c15) >> shift_; }
  void insert(Edge edge);
  void grow();

  std::vector<Edge> edges_;
  std::vector<uint32_t> values_;  ///< by node
  size_t mask_ = 0, count_ = 0;
  int shift_ = 0;
};

}  // namespace echelon::tokenizer
