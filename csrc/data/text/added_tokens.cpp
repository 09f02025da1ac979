#include "data/text/added_tokens.h"

#include <algorithm>

namespace echelon::data {

void AddedTokens::add(std::string content, uint32_t id) {
  auto& tokens = by_first_byte_[static_cast<uint8_t>(content.front())];
  if (tokens.empty()) first_bytes_.push_back(content.front());
  const auto place = std::find_if(tokens.begin(), tokens.end(),
                                  [&](const Token& token) { return token.content.size() < content.size(); });
  tokens.insert(place, {std::move(content), id});
}

std::optional<AddedTokens::Match> AddedTokens::find(std::string_view text, size_t from) const {
  for (size_t at = text.find_first_of(first_bytes_, from); at != text.npos;
       at = text.find_first_of(first_bytes_, at + 1)) {
    for (const Token& token : by_first_byte_[static_cast<uint8_t>(text[at])]) {
      if (text.substr(at).starts_with(token.content)) return Match{at, token.content.size(), token.id};
    }
  }
  return std::nullopt;
}

}  // namespace echelon::data
