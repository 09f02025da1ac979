// Hidden tokens as targets: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers"
// (1810.04805), section 3.1.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace echelon::data {

struct Masking {
  double probability = 0.15;  ///< that a token is chosen
  double random = 0.1;        ///< that a chosen one becomes a random token
  double keep = 0.1;          ///< that it stays; else it becomes mask_id
  int64_t mask_id = 0;
  int64_t vocabulary = 0;               ///< random tokens are smaller
  std::vector<int64_t> never_chosen{};  ///< special tokens, rising
};

/// Chooses each token for itself. `target` gets what chosen ones were, and kIgnoredTarget for the others. A
/// function of `key` and the place of a token alone.
void mask_tokens(const Masking& masking, uint64_t key, std::span<int64_t> tokens, std::span<int64_t> target);

}  // namespace echelon::data
