// Batches on their way through the stages of a model, each on a rank of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "nn/layered_model.h"
#include "parallel/pipeline/stage_messages.h"

namespace echelon::predict {

/// The first layer of each of `stages` stages, such that the largest has as few bytes of parameters as can
/// be. Throws ConfigError where there are more stages than layers.
std::vector<size_t> cut_into_stages(const nn::ModelSpec& spec, int stages);

/// Batches pass from the first rank's stage to the next and so on; the last sends what it makes back to the
/// first. Several may be on their way at once. While the first has nothing to ask for, it says so from time
/// to time, so that no rank takes the silence for a failure.
class StagePipeline {
 public:
  /// `pipeline` is used by nobody else. At most `most_activations` pass from a stage to the next; tensors in
  /// host memory, others are copied there.
  StagePipeline(Communicator& pipeline, int64_t most_activations);

  /// On the first rank: what the other stages make of the outputs of its own. Several threads at once.
  nn::Activations pass_on(const nn::Activations& outputs);
  /// On the first rank, once: the others are to end.
  void end();

  using Stage = std::function<nn::Activations(nn::Activations)>;
  /// On another rank: runs its stage for every batch until the first rank ends.
  void serve(const Stage& stage);

 private:
  int64_t send_to_second(const std::vector<at::Tensor>& tensors);
  void keep_awake(const std::stop_token& stop);

  Communicator& ranks_;
  std::mutex mutex_;  ///< of what follows
  parallel::StageMessages messages_;
  int64_t sent_ = 0;
  Stopwatch since_sent_;
  std::jthread waker_;  ///< of the first rank
};

}  // namespace echelon::predict
