#include "tokenizer/pair_merger.h"

#include <algorithm>
#include <array>

#include "tokenizer/byte_level.h"

namespace echelon::tokenizer {
namespace {

uint64_t pair_of(uint32_t left, uint32_t right) {
  return uint64_t{left} << 32 | right;
}

}  // namespace

PairMerger::PairMerger(const std::vector<std::string>& special_tokens, const WordCounts& words) {
  const auto next = [&] { return static_cast<uint32_t>(tokens_.size()); };
  for (const std::string& token : special_tokens) {
    if (!tokens_.find(token)) tokens_.add(token, next());
  }
  std::vector<std::string> alphabet(byte_alphabet().begin(), byte_alphabet().end());
  std::sort(alphabet.begin(), alphabet.end());  // UTF-8 sorts as code points do
  for (const std::string& character : alphabet) {
    if (!tokens_.find(character)) tokens_.add(character, next());
  }
  std::array<uint32_t, 256> ids;
  for (int byte = 0; byte < 256; ++byte) ids[byte] = *tokens_.find(byte_alphabet()[byte]);
  for (const WordCounts::Word& word : words.words()) {
    if (word.text.size() < 2) continue;
    words_.push_back(
        {symbols_.size(), static_cast<uint32_t>(word.text.size()), static_cast<int64_t>(word.count)});
    for (const char byte : word.text) symbols_.push_back(ids[static_cast<uint8_t>(byte)]);
  }
  count_pairs();
}

void PairMerger::change(Pair pair, int64_t by, uint32_t word) {
  Found& found = pairs_[pair];
  found.count += by;
  if (by < 0) return;
  if (!found.touched) touched_.push_back(pair);
  found.touched = true;
  if (found.places.empty() || found.places.back() != word) found.places.push_back(word);
}

void PairMerger::queue_touched() {
  for (const Pair pair : touched_) {
    Found& found = pairs_[pair];
    found.touched = false;
    if (found.count > 0) queue_.push({found.count, pair, std::move(found.places)});
    found.places = {};
  }
  touched_.clear();
}

void PairMerger::count_pairs() {
  for (uint32_t word = 0; word < words_.size(); ++word) {
    const uint32_t* symbols = &symbols_[words_[word].start];
    for (uint32_t i = 0; i + 1 < words_[word].length; ++i)
      change(pair_of(symbols[i], symbols[i + 1]), words_[word].count, word);
  }
  queue_touched();
}

void PairMerger::merge_in(uint32_t number, uint32_t left, uint32_t right, uint32_t result) {
  Word& word = words_[number];
  uint32_t* symbols = &symbols_[word.start];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < word.length; ++i) {
    if (symbols[i] != left || i + 1 == word.length || symbols[i + 1] != right) {
      symbols[kept++] = symbols[i];
      continue;
    }
    if (kept > 0) {
      change(pair_of(symbols[kept - 1], left), -word.count, number);
      change(pair_of(symbols[kept - 1], result), word.count, number);
    }
    symbols[kept++] = result;
    ++i;
    if (i + 1 < word.length) {
      change(pair_of(right, symbols[i + 1]), -word.count, number);
      change(pair_of(result, symbols[i + 1]), word.count, number);
    }
  }
  word.length = kept;
}

uint32_t PairMerger::token_of(uint32_t left, uint32_t right) {
  const std::string text = std::string(*tokens_.token(left)) + std::string(*tokens_.token(right));
  if (const auto known = tokens_.find(text)) return *known;
  const auto id = static_cast<uint32_t>(tokens_.size());
  tokens_.add(text, id);
  return id;
}

void PairMerger::merge_up_to(int64_t vocabulary, uint64_t min_frequency) {
  while (static_cast<int64_t>(tokens_.size()) < vocabulary && !queue_.empty()) {
    Candidate best = std::move(const_cast<Candidate&>(queue_.top()));
    queue_.pop();
    const int64_t count = pairs_[best.pair].count;
    if (best.count != count) {  // others that were merged since took some of it
      best.count = count;
      queue_.push(std::move(best));
      continue;
    }
    if (count < 1 || static_cast<uint64_t>(count) < min_frequency) return;
    const auto left = static_cast<uint32_t>(best.pair >> 32), right = static_cast<uint32_t>(best.pair);
    const uint32_t result = token_of(left, right);
    merges_.emplace_back(left, right);
    for (const uint32_t word : best.places) merge_in(word, left, right, result);
    queue_touched();
  }
}

std::vector<std::string> PairMerger::tokens() const {
  std::vector<std::string> texts;
  for (const Vocabulary::Token& token : tokens_.tokens()) texts.push_back(token.text);
  return texts;
}

std::vector<std::pair<uint32_t, uint32_t>> PairMerger::merges() const {
  std::unordered_map<Pair, size_t> last;
  for (size_t i = 0; i < merges_.size(); ++i) last[pair_of(merges_[i].first, merges_[i].second)] = i;
  std::vector<std::pair<uint32_t, uint32_t>> kept;
  for (size_t i = 0; i < merges_.size(); ++i) {
    if (last[pair_of(merges_[i].first, merges_[i].second)] == i) kept.push_back(merges_[i]);
  }
  return kept;
}

}  // namespace echelon::tokenizer
