// Which token comes next.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace echelon::generate {

struct Sampling {
  double temperature = 0;  ///< 0: the most probable token; of several the first
  std::optional<int64_t> top_k{};
  double top_p = 1;
};

/// Holds the memory it works in. Used by one thread.
class Sampler {
 public:
  explicit Sampler(const Sampling& sampling) : sampling_(sampling) {}

  /// The token that `uniform`, in [0, 1), draws from softmax(logits / temperature): of its top_k most
  /// probable tokens, and of these of the fewest whose probabilities add up to top_p, in this order as in
  /// transformers. Of tokens as probable as each other the first count. None where a logit is not finite.
  template <class T>
  std::optional<uint32_t> next(std::span<const T> logits, double uniform);

 private:
  struct Candidate {
    double weight;  ///< probability, up to a factor
    uint32_t token;
  };
  /// Leaves those that may be drawn, and returns the sum of their weights.
  double keep_probable();

  Sampling sampling_;
  std::vector<Candidate> candidates_;
};

}  // namespace echelon::generate
