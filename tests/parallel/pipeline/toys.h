// Small models in float64 that cross the boundaries of stages in every way: for tests of pipelines.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/layered_model.h"

namespace echelon::parallel::testing {

struct Toy {
  std::string name;
  nn::ModelSpec spec;
  std::vector<size_t> four_stages;  ///< where four stages begin; empty: parts of equally many layers
  /// Of micro-batch number `micro_batch` of a step, over all replicas.
  std::function<nn::Activations(int64_t micro_batch)> inputs;
  std::function<at::Tensor(const nn::Activations& outputs, int64_t micro_batch)> loss;
};

inline void PrintTo(const Toy& toy, std::ostream* out) {
  *out << toy.name;
}

/// Where `stages` stages of the model begin.
std::vector<size_t> first_layers(const Toy& toy, int stages);

/// Convolutions on the way down and up; of four stages, skip connections cross one, two and three
/// boundaries.
Toy unet();

/// Tokens, read in the first layer and again near the end, and a mask that is read near the end alone; two
/// outputs, of which one is written early. The micro-batches have different lengths.
Toy text_with_mask();

/// An embedding that a layer in the middle and the head share, and two more ties, one within the other.
Toy tied();

/// `layers` layers of one weight of 3 × 3 each; the first one's output is read by the last again.
Toy chain(size_t layers);

}  // namespace echelon::parallel::testing
