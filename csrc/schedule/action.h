// Pipeline schedules as data: per rank of the pipeline, the list of what it does in one step, in order.
//
// A model is cut into contiguous stages 0 … stages - 1; each rank holds one or more of them (chunks), and a
// stage is on one rank. Every micro-batch passes every stage forward and backward. A rank executes its list
// in order, one action at a time; what it waits for stands beside ActionKind.
//
// Neighbouring stages on one rank hand over without messages. Messages between two neighbouring stages in one
// direction form a channel and arrive in the order in which they are sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace echelon::schedule {

enum class ActionKind {
  /// Waits for the stage's input, computes its output.
  kForward,
  /// Waits for the gradient of the output, computes the gradients of input and weights.
  kBackward,
  /// The first half of kBackward: waits for the gradient of the output, computes that of the input.
  kBackwardInput,
  /// The second half: the gradients of the weights. Waits for nobody.
  kBackwardWeight,
  /// Starts to send the stage's output to the next stage, and goes on before it has arrived unless too many
  /// sends on the channel are under way (VerifyOptions::send_buffers).
  kSendActivations,
  /// Posts the receive of the stage's input from the stage before, and goes on: kForward waits for it.
  kReceiveActivations,
  /// Starts to send the gradient of the stage's input to the stage before, and goes on as kSendActivations.
  kSendGradients,
  /// Posts the receive of the gradient of the stage's output, and goes on: kBackward or kBackwardInput waits.
  kReceiveGradients,
  /// From here on the gradients of the stage's weights may be reduced among its replicas as they become
  /// final: only the last kBackward or kBackwardWeight of the stage is still to come. Waits for nobody.
  kReduce,
  /// The optimizer's step, for all stages of the rank, after their reductions. The last action.
  kStep,
};

/// `stage` is the one on this rank: who sends, or who receives. kReduce has no micro-batch, kStep neither
/// micro-batch nor stage: those are kNone.
struct Action {
  static constexpr int kNone = -1;
  ActionKind kind = ActionKind::kStep;
  int stage = kNone;
  int micro_batch = kNone;
  bool operator==(const Action&) const = default;
};

bool is_compute(ActionKind kind);  ///< forward, backward and its halves
bool is_send(ActionKind kind);
bool is_receive(ActionKind kind);
/// kBackward and kBackwardWeight: what makes gradients of weights.
bool is_weight_backward(ActionKind kind);
/// kBackward and kBackwardInput: what makes the gradient of the input.
bool is_input_backward(ActionKind kind);

/// The notation of PyTorch's pipeline schedules, stage first and micro-batch last: "3F5", "3B5" (kBackward),
/// "3I5", "3W5", "3SEND_F5", "3RECV_F5", "3SEND_B5", "3RECV_B5"; and ours: "3REDUCE", "STEP".
std::string to_string(const Action& action);

/// The inverse of to_string. Throws ConfigError.
Action parse_action(std::string_view text);

struct Schedule {
  std::string name;
  int micro_batches = 0;
  std::vector<int> rank_of_stage;
  std::vector<std::vector<Action>> ranks;

  int stages() const { return static_cast<int>(rank_of_stage.size()); }
  int rank_count() const { return static_cast<int>(ranks.size()); }
  /// Ascending.
  std::vector<int> stages_of(int rank) const;
  bool operator==(const Schedule&) const = default;
};

}  // namespace echelon::schedule
