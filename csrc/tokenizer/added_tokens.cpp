#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

bool has_flag(const char* character, uint16_t wanted) {
  return unicode::flags()[next_code_point(character)] & wanted;
}

/// Where white space that ends at `at` starts, no earlier than `from`.
const char* before_spaces(const char* from, const char* at) {
  while (at != from && has_flag(previous_character(at), unicode::kSpace)) at = previous_character(at);
  return at;
}

const char* after_spaces(const char* at, const char* end) {
  while (at != end && has_flag(at, unicode::kSpace)) at += character_length(*at);
  return at;
}

}  // namespace

void AddedTokens::add(const std::string& pattern, const AddedToken& token) {
  patterns_.add(pattern, static_cast<uint32_t>(tokens_.size()));
  tokens_.push_back(token);
  bool& starts = starts_[static_cast<uint8_t>(pattern.front())];
  if (!starts) first_bytes_.push_back(pattern.front());
  starts = true;
}

bool AddedTokens::stands_alone(std::string_view text, size_t start, size_t end) const {
  const char* at = text.data();
  if (start > 0 && has_flag(previous_character(at + start), unicode::kWord)) return false;
  return end == text.size() || !has_flag(at + end, unicode::kWord);
}

size_t AddedTokens::next_candidate(std::string_view text, size_t from) const {
  if (first_bytes_.size() == 1) return std::min(text.find(first_bytes_[0], from), text.size());
  while (from < text.size() && !starts_[static_cast<uint8_t>(text[from])]) ++from;
  return from;
}

void AddedTokens::split(std::string_view text, FunctionRef<void(uint32_t)> found,
                        FunctionRef<void(std::string_view)> rest) const {
  size_t done = 0;
  for (size_t at = next_candidate(text, 0); at < text.size();) {
    const auto match = patterns_.longest_prefix(text.substr(at));
    if (!match) {
      at = next_candidate(text, at + 1);
      continue;
    }
    const AddedToken& token = tokens_[match->value];
    size_t start = at, end = at + match->length;
    at = next_candidate(text, end);  // whether or not this one counts, the next is looked for after it
    if (token.single_word && !stands_alone(text, start, end)) continue;
    const char* base = text.data();
    if (token.lstrip)
      start = static_cast<size_t>(before_spaces(base + std::min(done, start), base + start) - base);
    if (token.rstrip) end = static_cast<size_t>(after_spaces(base + end, base + text.size()) - base);
    if (start > done) rest(text.substr(done, start - done));
    found(token.id);
    done = end;
  }
  if (done < text.size()) rest(text.substr(done));
}

}  // namespace echelon::tokenizer
