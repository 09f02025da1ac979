// Small runs on the data in the tree, for tests of training.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "train/settings.h"

namespace echelon::train::testing {

/// A convolutional network without BatchNorm on the handwritten digits; 16 samples a step.
TrainSettings convnet_run(Precision precision, double dropout = 0);

/// A GPT of two layers on the text; 8 sequences of 32 bytes a step.
TrainSettings gpt_run(Precision precision, double dropout = 0);

struct Trace {
  std::vector<double> losses;
  std::vector<double> gradient_norms;
  std::vector<at::Tensor> weights;  ///< after the last step, by parameter
};

/// Trains `steps` steps as one of the ranks of `comm`.
Trace train_steps(const TrainSettings& settings, Communicator& comm, int64_t steps);

/// The largest relative difference of two series; infinite where their lengths differ.
double largest_relative_difference(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace echelon::train::testing
