// Sequences that a language model is writing.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "generate/language_model.h"

namespace echelon::generate {

/// Sequences have places, in which others begin when they have ended. What the model keeps of them lies with
/// its ranks until this object goes. Used by one thread.
class Writing {
 public:
  /// `shape`: DecodingState's: as many sequences as there are places.
  Writing(const LanguageModel& model, const nn::DecodingState::Shape& shape);
  ~Writing();
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

  // Both return what is said of the token that comes next: float32 or float64 [places, vocabulary], on the
  // CPU. They throw what asking the model throws.

  /// tokens[i], at least one, becomes the sequence at places[i]. `sources`: of each; empty where the model
  /// reads none.
  at::Tensor begin(std::span<const int64_t> places, std::span<const Ids> tokens,
                   std::span<const Ids> sources);
  /// tokens[i] comes behind the sequence at places[i].
  at::Tensor append(std::span<const int64_t> places, std::span<const uint32_t> tokens);

 private:
  at::Tensor logits_after(Pass::Kind kind, std::span<const int64_t> places, nn::Activations inputs,
                          const std::vector<int64_t>& picked);

  const LanguageModel& model_;
  Pass pass_;
  std::vector<int64_t> lengths_;  ///< of each place
};

}  // namespace echelon::generate
