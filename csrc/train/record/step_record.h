// What is told about a training run: one record an interval of steps, one an evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace echelon::train {

using Scalars = std::vector<std::pair<std::string, double>>;

/// The steps since the record before, all of the job's ranks together.
struct StepRecord {
  int64_t step = 0;  ///< steps done
  int64_t total_steps = 0;
  double epoch = 0;            ///< passes over the training data done
  Scalars source_epochs = {};  ///< of a mixture: passes over each source, by its name
  double loss = 0;             ///< mean over the interval
  double learning_rate = 0;
  std::optional<double> gradient_norm = std::nullopt;  ///< before clipping
  double seconds_per_step = 0;
  double samples_per_second = 0;
  std::optional<double> tokens_per_second = std::nullopt;  ///< text: shown instead of samples
  double data_share = 0;                                   ///< of the time, waiting for data: 0 to 1
  double comm_share = 0;                                   ///< of the time, waiting for communication: 0 to 1
  double seconds_left = 0;                                 ///< to the last step
};

/// The record's values under the names that metrics.jsonl and TensorBoard show: "loss", "lr", "grad_norm", ….
Scalars scalars_of(const StepRecord& record);

/// "step 100/2000  epoch 1.60  loss 0.4312  lr 1.00e-03  grad 1.23  12.3 ms/step  5.12 k samples/s  data 1%
/// comm 8% left 23.4 s" (one line).
std::string render_line(const StepRecord& record);

/// "step 100/2000  evaluation  loss 0.3120  accuracy 0.9710".
std::string render_evaluation(int64_t step, int64_t total_steps, const Scalars& metrics);

}  // namespace echelon::train
