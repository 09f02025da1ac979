#include "tokenizer/bounded_encoder.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::tokenizer {

BoundedEncoder::BoundedEncoder(const Tokenizer& tokenizer, size_t max_tokens)
    : tokenizer_(tokenizer), max_tokens_(max_tokens) {
  // Where a text's own ids stand in what is put around it, one text tells; of several places the last.
  const std::string_view probe = "a";
  const auto own = tokenizer.encode(probe), all = tokenizer.encode(probe, /*add_special_tokens=*/true);
  const auto found = std::find_end(all.begin(), all.end(), own.begin(), own.end());
  if (found != all.end()) last_ = static_cast<size_t>(all.end() - found) - own.size();
  const size_t special = all.size() - own.size();
  if (special >= max_tokens) {
    throw ConfigError(
        str_format("at most {} tokens leave no room for a text beside {} special ones", max_tokens, special));
  }
}

std::vector<uint32_t> BoundedEncoder::encode(std::string_view text) const {
  std::vector<uint32_t> ids = tokenizer_.encode(text, /*add_special_tokens=*/true);
  if (ids.size() <= max_tokens_) return ids;
  ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(max_tokens_ - last_),
            ids.end() - static_cast<std::ptrdiff_t>(last_));
  return ids;
}

}  // namespace echelon::tokenizer
