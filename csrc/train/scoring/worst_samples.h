// The samples with the highest loss, over all ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "comm/communicator.h"
#include "data/dataset.h"
#include "train/report/evaluation_report.h"
#include "train/settings.h"

namespace echelon::train {

/// What is kept of a sample until it is known which are the worst.
struct SampleLoss {
  int64_t index = 0;
  double loss = 0;
  double truth = 0, predicted = 0, probability = 0, true_probability = 0;  ///< as those of WorstSample
};

class WorstSamples {
 public:
  static constexpr size_t kKept = 24;

  void add(const SampleLoss& sample);
  /// Of all ranks the kKept with the highest loss, the worst first; of equal ones the lower index.
  /// Collective; the same on every rank.
  std::vector<WorstSample> gather(Communicator& comm) const;

 private:
  std::vector<SampleLoss> kept_;  ///< a heap, the least bad in front
};

/// Adds place, picture and text, as far as the data have them. `dataset`: with its inputs.
void describe_worst(const TrainSettings& settings, const data::Dataset& dataset,
                    std::vector<WorstSample>& samples);

}  // namespace echelon::train
