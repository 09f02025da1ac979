#include "tokenizer/vocabulary.h"

#include <xxhash.h>

#include <algorithm>

namespace echelon::tokenizer {
namespace {

uint32_t hash_of(std::string_view token) {
  return static_cast<uint32_t>(XXH3_64bits(token.data(), token.size()));
}

}  // namespace

size_t Vocabulary::slot_of(std::string_view token, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == 0 || (slot.hash == hash && tokens_[slot.number - 1].text == token)) return at;
  }
}

void Vocabulary::grow() {
  std::vector<Slot> old(std::max<size_t>(64, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number != 0) slots_[slot_of(tokens_[slot.number - 1].text, slot.hash)] = slot;
  }
}

bool Vocabulary::add(std::string_view token, uint32_t id) {
  if (2 * (tokens_.size() + 1) > slots_.size()) grow();
  const uint32_t hash = hash_of(token);
  Slot& slot = slots_[slot_of(token, hash)];
  if (slot.number != 0) return tokens_[slot.number - 1].id == id;
  if (!by_id_.emplace(id, tokens_.size()).second) return false;
  tokens_.push_back({std::string(token), id});
  slot = {hash, static_cast<uint32_t>(tokens_.size())};
  limit_ = std::max<int64_t>(limit_, int64_t{id} + 1);
  longest_ = std::max(longest_, token.size());
  return true;
}

std::optional<uint32_t> Vocabulary::find(std::string_view token) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(token, hash_of(token))];
  if (slot.number == 0) return std::nullopt;
  return tokens_[slot.number - 1].id;
}

std::optional<std::string_view> Vocabulary::token(uint32_t id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return tokens_[found->second].text;
}

}  // namespace echelon::tokenizer
