// Where layers draw random numbers from in training.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/random.h"

namespace echelon::nn {

/// What is drawn is a pure function of the key, a sample's place in the global batch and the position within
/// the sample. So it depends neither on the number of ranks, nor on micro-batches, nor on what was drawn
/// before; and a layer that runs twice (activations computed again in the backward pass) draws the same.
struct RandomSource {
  uint64_t key = 0;  ///< differs for every step; a layer's name and that of a draw within it are mixed in
  int64_t first_sample =
      0;  ///< place in the global batch of the first sample (first dimension) of the inputs

  RandomSource child(std::string_view name) const { return {derive_key(key, name), first_sample}; }
};

}  // namespace echelon::nn
