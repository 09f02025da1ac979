#include "tokenizer/trie.h"

namespace echelon::tokenizer {

Trie::Trie() : edges_(64), values_{kNone}, mask_(63), shift_(64 - 6) {}

void Trie::insert(Edge edge) {
  size_t at = place_of(edge.key);
  while (edges_[at].key != kEmpty) at = (at + 1) & mask_;
  edges_[at] = edge;
}

void Trie::grow() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  mask_ = edges_.size() - 1;
  --shift_;
  for (const Edge& edge : old) {
    if (edge.key != kEmpty) insert(edge);
  }
}

void Trie::add(std::string_view key, uint32_t value) {
  uint32_t node = kRoot;
  for (const char byte : key) {
    uint32_t next = child(node, byte);
    if (next == kNone) {
      if (2 * ++count_ > edges_.size()) grow();
      next = static_cast<uint32_t>(values_.size());
      values_.push_back(kNone);
      insert({key_of(node, byte), next});
    }
    node = next;
  }
  values_[node] = value;
}

std::optional<Trie::Match> Trie::longest_prefix(std::string_view text) const {
  std::optional<Match> longest;
  uint32_t node = kRoot;
  for (size_t length = 0; length < text.size();) {
    node = child(node, text[length++]);
    if (node == kNone) break;
    if (values_[node] != kNone) longest = {length, values_[node]};
  }
  return longest;
}

}  // namespace echelon::tokenizer
