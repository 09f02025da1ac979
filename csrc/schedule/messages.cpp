#include "schedule/messages.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::schedule {
namespace {

bool carries_activations(ActionKind kind) {
  return kind == ActionKind::kSendActivations || kind == ActionKind::kReceiveActivations;
}

bool is_same_rank(const Schedule& schedule, int a, int b) {
  return schedule.rank_of_stage[a] == schedule.rank_of_stage[b];
}

}  // namespace

int channel_count(const Schedule& schedule) {
  return std::max(0, 2 * (schedule.stages() - 1));
}

int channel_of(const Action& message) {
  const bool from_below =
      message.kind == ActionKind::kSendActivations || message.kind == ActionKind::kReceiveGradients;
  const int boundary = from_below ? message.stage : message.stage - 1;
  return 2 * boundary + (carries_activations(message.kind) ? 0 : 1);
}

Action counterpart(const Action& message) {
  switch (message.kind) {
    case ActionKind::kSendActivations:
      return {ActionKind::kReceiveActivations, message.stage + 1, message.micro_batch};
    case ActionKind::kReceiveActivations:
      return {ActionKind::kSendActivations, message.stage - 1, message.micro_batch};
    case ActionKind::kSendGradients:
      return {ActionKind::kReceiveGradients, message.stage - 1, message.micro_batch};
    case ActionKind::kReceiveGradients:
      return {ActionKind::kSendGradients, message.stage + 1, message.micro_batch};
    default:
      throw InternalError(str_format("{} is no message", to_string(message)));
  }
}

std::optional<int> awaited_stage(const Schedule& schedule, const Action& compute) {
  if (compute.kind == ActionKind::kForward && compute.stage > 0) return compute.stage - 1;
  if (is_input_backward(compute.kind) && compute.stage + 1 < schedule.stages()) return compute.stage + 1;
  return std::nullopt;
}

std::optional<Action> needed_receive(const Schedule& schedule, const Action& compute) {
  const std::optional<int> awaited = awaited_stage(schedule, compute);
  if (!awaited || is_same_rank(schedule, *awaited, compute.stage)) return std::nullopt;
  const ActionKind kind =
      compute.kind == ActionKind::kForward ? ActionKind::kReceiveActivations : ActionKind::kReceiveGradients;
  return Action{kind, compute.stage, compute.micro_batch};
}

std::optional<Action> needed_send(const Schedule& schedule, const Action& compute) {
  const bool forward = compute.kind == ActionKind::kForward;
  if (!forward && !is_input_backward(compute.kind)) return std::nullopt;
  const int to = forward ? compute.stage + 1 : compute.stage - 1;
  if (to < 0 || to >= schedule.stages() || is_same_rank(schedule, to, compute.stage)) return std::nullopt;
  return Action{forward ? ActionKind::kSendActivations : ActionKind::kSendGradients, compute.stage,
                compute.micro_batch};
}

}  // namespace echelon::schedule
