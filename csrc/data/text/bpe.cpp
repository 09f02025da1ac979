#include "data/text/bpe.h"

#include <algorithm>

namespace echelon::data {
namespace {

constexpr size_t kCachedWords = 1 << 16;
constexpr size_t kCachedLength = 64;

uint64_t pair_key(uint32_t left, uint32_t right) {
  return uint64_t{left} << 32 | right;
}

}  // namespace

BytePairMerger::BytePairMerger(std::vector<uint32_t> byte_tokens, const std::vector<Merge>& merges)
    : byte_tokens_(std::move(byte_tokens)) {
  rules_.reserve(merges.size());
  uint32_t rank = 0;
  // Of a pair that is listed twice the last rank holds, as in the reference.
  for (const Merge& merge : merges) rules_[pair_key(merge.left, merge.right)] = {rank++, merge.result};
}

void BytePairMerger::consider(int32_t position) {
  if (position < 0 || symbols_[position].next < 0) return;
  const uint32_t left = symbols_[position].token, right = symbols_[symbols_[position].next].token;
  const auto rule = rules_.find(pair_key(left, right));
  if (rule == rules_.end()) return;
  heap_.push_back({rule->second.rank, position, left, right});
  std::push_heap(heap_.begin(), heap_.end(), Candidate::later);
}

void BytePairMerger::merge_word(std::string_view word) {
  const auto length = static_cast<int32_t>(word.size());
  symbols_.clear();
  heap_.clear();
  for (int32_t i = 0; i < length; ++i) {
    symbols_.push_back(
        {byte_tokens_[static_cast<uint8_t>(word[i])], i - 1, i + 1 < length ? i + 1 : -1, true});
  }
  for (int32_t i = 0; i + 1 < length; ++i) consider(i);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), Candidate::later);
    const Candidate best = heap_.back();
    heap_.pop_back();
    Symbol& symbol = symbols_[best.position];
    // Stale when either side has merged with another neighbour since.
    if (!symbol.alive || symbol.token != best.left || symbol.next < 0 ||
        symbols_[symbol.next].token != best.right)
      continue;
    Symbol& absorbed = symbols_[symbol.next];
    symbol.token = rules_.find(pair_key(best.left, best.right))->second.result;
    absorbed.alive = false;
    symbol.next = absorbed.next;
    if (symbol.next >= 0) symbols_[symbol.next].previous = best.position;
    consider(symbol.previous);
    consider(best.position);
  }
}

void BytePairMerger::encode(std::string_view word, std::vector<uint32_t>& tokens) {
  const bool cacheable = word.size() <= kCachedLength;
  if (cacheable) {
    const auto cached = cache_.find(std::string(word));
    if (cached != cache_.end()) {
      tokens.insert(tokens.end(), cached->second.begin(), cached->second.end());
      return;
    }
  }
  const size_t start = tokens.size();
  merge_word(word);
  for (const Symbol& symbol : symbols_) {
    if (symbol.alive) tokens.push_back(symbol.token);
  }
  if (cacheable && cache_.size() < kCachedWords) {
    cache_.emplace(std::string(word),
                   std::vector<uint32_t>(tokens.begin() + static_cast<int64_t>(start), tokens.end()));
  }
}

}  // namespace echelon::data
