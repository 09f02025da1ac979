// Runs any schedule: one interpreter of the action list of a rank (schedule/action.h).
//
// A stage keeps, from a micro-batch's forward to its backward, its inputs and autograd's graph. Its outputs
// go to the next stage without their history; the gradients that come back enter the graph where the outputs
// left it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "nn/layered_model.h"
#include "parallel/pipeline/stage_messages.h"
#include "parallel/pipeline/stage_work.h"
#include "parallel/rank_group.h"
#include "schedule/action.h"

namespace echelon::nn {
class DeferredGradients;
}

namespace echelon::parallel {

/// When an action of this rank ran, in seconds on the host's steady clock. Waiting for what it needs comes
/// before its start.
struct ActionTime {
  schedule::Action action;
  double start;
  double end;
};

class PipelineRuntime {
 public:
  /// `first_layers`: of each stage. `schedule`: verified, with communication. `ranks`: of the pipeline,
  /// needed where there are several. `spec`, `schedule` and the communicators must outlive this object.
  PipelineRuntime(const nn::ModelSpec& spec, const std::vector<size_t>& first_layers,
                  const schedule::Schedule& schedule, std::optional<RankGroup> ranks, at::Device device);
  ~PipelineRuntime();

  /// One step: every micro-batch forward and backward. Returns the sum of the losses as float64; undefined
  /// where the last stage is on another rank. Throws what the work throws, and CommError. Collective over the
  /// pipeline.
  at::Tensor train(StageWork& work);

  /// Forward of `batches` batches through all stages, without gradients. Collective over the pipeline.
  void infer(InferenceWork& work, int64_t batches);

  bool has_first_stage() const { return stages_.front() == 0; }
  bool has_last_stage() const { return stages_.back() + 1 == stage_count(); }

  /// Where the times of the following steps are appended; null: nowhere.
  void record_times(std::vector<ActionTime>* times) { times_ = times; }
  double seconds_waited() const { return messages_ ? messages_->seconds_waited() : 0; }
  int64_t bytes_sent() const { return messages_ ? messages_->bytes_sent() : 0; }
  /// The most micro-batches, over all parts, that were between forward and backward at once.
  int64_t most_in_flight() const { return most_in_flight_; }

 private:
  struct Pass;
  struct Place {
    int stage;
    int64_t micro_batch;
    auto operator<=>(const Place&) const = default;
  };
  using Tensors = std::vector<at::Tensor>;

  int stage_count() const { return static_cast<int>(schedule_.rank_of_stage.size()); }
  int rank_of(int stage) const { return schedule_.rank_of_stage[static_cast<size_t>(stage)]; }
  size_t part_of(int stage) const;

  /// How the micro-batch computes the gradients of parameters.
  std::shared_ptr<nn::DeferredGradients> make_deferred(Place place, const StageWork& work) const;
  void perform(const schedule::Action& action, StageWork& work);
  void forward(Place place, StageWork& work);
  void backward(Place place, StageWork& work);
  void backward_weight(Place place);
  Tensors stage_inputs(Place place, StageWork& work);

  /// From and to other stages: on this rank at once, to others when the schedule says so.
  void hand_over(const MessageKey& key, int receiving_stage, Tensors tensors);
  void send(const MessageKey& key, int receiving_stage);
  Tensors take_over(const MessageKey& key, int sending_stage);
  /// Until the message comes, or nothing is left to do.
  void use_idle_time(const MessageKey& key, int sending_stage, StageWork& work);
  nn::Activations named(int boundary, const Tensors& tensors) const;
  Tensors in_order(int boundary, const nn::Activations& activations) const;
  void infer_stage(Place place, InferenceWork& work);

  const schedule::Schedule& schedule_;
  int rank_ = 0;
  std::vector<int> stages_;                               // of this rank, ascending
  std::vector<std::vector<std::string>> boundary_names_;  // before each stage, and after the last
  std::vector<bool> splits_;                              // by stage: backward runs in halves
  std::vector<int64_t> last_backward_;                    // by stage: the micro-batch
  std::vector<int64_t> expected_;                         // messages of a training step from each rank
  std::unique_ptr<StageMessages> messages_;
  std::map<MessageKey, Tensors> local_;    // for stages of this rank
  std::map<MessageKey, Tensors> to_send_;  // for stages of others
  std::map<Place, Pass> passes_;
  at::Tensor loss_;
  int64_t most_in_flight_ = 0;
  std::vector<ActionTime>* times_ = nullptr;
  double ready_ = 0;  // when the present action had what it needs
};

}  // namespace echelon::parallel
