// Small runs on the data in the tree, for tests of training.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "train/settings.h"

namespace echelon::train::testing {

/// A convolutional network without BatchNorm on the handwritten digits; 16 samples a step.
TrainSettings convnet_run(Precision precision, double dropout = 0);

/// A GPT of two blocks on the text; 8 sequences of 32 bytes a step.
TrainSettings gpt_run(Precision precision, double dropout = 0);

/// The same of six blocks in micro-batches of one sequence, 8 a step: nine layers, enough for eight stages.
TrainSettings deep_gpt_run(Precision precision, double dropout = 0);

/// ResNet-18 with group normalisation, of 4 channels and up, on the digits; micro-batches of one image, 16 a
/// step.
TrainSettings resnet_run(Precision precision);

struct Trace {
  std::vector<double> losses;
  std::vector<double> gradient_norms;
  std::vector<at::Tensor> weights;  ///< after the last step, by parameter of this rank
};

/// Trains `steps` steps as one of the ranks of `comm`.
Trace train_steps(const TrainSettings& settings, Communicator& comm, int64_t steps);

/// The same with `ranks` ranks as threads; the losses and norms are those of rank 0, the weights of all its
/// layers.
Trace train_with_threads(const TrainSettings& settings, int ranks, int64_t steps);

/// The largest relative difference of two series; infinite where their lengths differ.
double largest_relative_difference(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace echelon::train::testing
