#include "schedule/action.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::schedule {
namespace {

constexpr std::array<std::pair<ActionKind, std::string_view>, 10> kNotation{{
    {ActionKind::kForward, "F"},
    {ActionKind::kBackward, "B"},
    {ActionKind::kBackwardInput, "I"},
    {ActionKind::kBackwardWeight, "W"},
    {ActionKind::kSendActivations, "SEND_F"},
    {ActionKind::kReceiveActivations, "RECV_F"},
    {ActionKind::kSendGradients, "SEND_B"},
    {ActionKind::kReceiveGradients, "RECV_B"},
    {ActionKind::kReduce, "REDUCE"},
    {ActionKind::kStep, "STEP"},
}};

constexpr std::string_view kDigits = "0123456789";

/// Takes the digits at the front off `text`; kNone when there are none or too many.
int take_number(std::string_view& text) {
  const size_t length = std::min(text.find_first_not_of(kDigits), text.size());
  int number = Action::kNone;
  const auto result = std::from_chars(text.data(), text.data() + length, number);
  text.remove_prefix(length);
  return result.ec == std::errc() ? number : Action::kNone;
}

}  // namespace

bool is_compute(ActionKind kind) {
  return kind == ActionKind::kForward || is_input_backward(kind) || is_weight_backward(kind);
}

bool is_send(ActionKind kind) {
  return kind == ActionKind::kSendActivations || kind == ActionKind::kSendGradients;
}

bool is_receive(ActionKind kind) {
  return kind == ActionKind::kReceiveActivations || kind == ActionKind::kReceiveGradients;
}

bool is_weight_backward(ActionKind kind) {
  return kind == ActionKind::kBackward || kind == ActionKind::kBackwardWeight;
}

bool is_input_backward(ActionKind kind) {
  return kind == ActionKind::kBackward || kind == ActionKind::kBackwardInput;
}

std::string to_string(const Action& action) {
  std::string text;
  if (action.kind != ActionKind::kStep) text += std::to_string(action.stage);
  for (const auto& [kind, notation] : kNotation) {
    if (kind == action.kind) text += notation;
  }
  if (action.kind != ActionKind::kStep && action.kind != ActionKind::kReduce) {
    text += std::to_string(action.micro_batch);
  }
  return text;
}

Action parse_action(std::string_view text) {
  std::string_view rest = text;
  Action action;
  action.stage = take_number(rest);
  const std::string_view notation = rest.substr(0, rest.find_first_of(kDigits));
  rest.remove_prefix(notation.size());
  action.micro_batch = take_number(rest);

  const auto* found = std::find_if(kNotation.begin(), kNotation.end(),
                                   [&](const auto& entry) { return entry.second == notation; });
  if (found != kNotation.end()) action.kind = found->first;
  // What is written back must be what was read: this finds missing and superfluous numbers, and leading
  // zeros.
  if (found == kNotation.end() || to_string(action) != text) {
    throw ConfigError(
        str_format("'{}' is no action of a pipeline schedule; write stage, action and micro-batch as in 3F5, "
                   "3B5, 3I5, 3W5, 3SEND_F5, 3RECV_F5, 3SEND_B5 or 3RECV_B5, or 3REDUCE or STEP",
                   text.substr(0, 40)));
  }
  return action;
}

std::vector<int> Schedule::stages_of(int rank) const {
  std::vector<int> held;
  for (int stage = 0; stage < stages(); ++stage) {
    if (rank_of_stage[stage] == rank) held.push_back(stage);
  }
  return held;
}

}  // namespace echelon::schedule
