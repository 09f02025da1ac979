#include "data/text/masking.h"

#include <algorithm>

#include "common/random.h"
#include "data/dataset.h"

namespace echelon::data {

void mask_tokens(const Masking& masking, uint64_t key, std::span<int64_t> tokens, std::span<int64_t> target) {
  RandomStream random(key);
  const std::vector<int64_t>& never = masking.never_chosen;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const bool drawn = random.uniform() < masking.probability;
    target[i] = kIgnoredTarget;
    if (!drawn || std::binary_search(never.begin(), never.end(), tokens[i])) continue;
    target[i] = tokens[i];
    const double change = random.uniform();
    if (change < masking.keep) continue;
    tokens[i] = change < masking.keep + masking.random
                    ? static_cast<int64_t>(random.below(static_cast<uint64_t>(masking.vocabulary)))
                    : masking.mask_id;
  }
}

}  // namespace echelon::data
