#include "parallel/pipeline/runtime.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

#include "comm/ledger.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "nn/weight_gradients.h"

namespace echelon::parallel {
namespace {

using schedule::Action;
using schedule::ActionKind;

/// Index of the largest boundary, for the size of headers.
int64_t most_names(const std::vector<std::vector<std::string>>& boundaries) {
  size_t most = 0;
  for (const auto& names : boundaries) most = std::max(most, names.size());
  return static_cast<int64_t>(most);
}

/// Runs the graph backward from `roots`.
void differentiate(const torch::autograd::edge_list& roots, const torch::autograd::variable_list& gradients) {
  if (roots.empty()) return;
  torch::autograd::Engine::get_default_engine().execute(roots, gradients, /*keep_graph=*/false,
                                                        /*create_graph=*/false, /*accumulate_grad=*/true);
}

}  // namespace

/// One micro-batch in one stage, from its forward to the end of its backward.
struct PipelineRuntime::Pass {
  Tensors inputs;                      // leaves of the graph where they require a gradient
  torch::autograd::edge_list outputs;  // where gradients enter; no function where an output has no history
  at::Tensor loss;                     // of the last stage
  std::shared_ptr<nn::DeferredGradients> deferred;
};

PipelineRuntime::PipelineRuntime(const nn::ModelSpec& spec, const std::vector<size_t>& first_layers,
                                 const schedule::Schedule& schedule, std::optional<RankGroup> ranks,
                                 at::Device device)
    : schedule_(schedule),
      rank_(ranks ? ranks->rank() : 0),
      splits_(schedule.rank_of_stage.size()),
      last_backward_(schedule.rank_of_stage.size()),
      expected_(schedule.ranks.size()) {
  for (const size_t layer : first_layers) boundary_names_.push_back(nn::activations_before(spec, layer));
  boundary_names_.push_back(nn::activations_before(spec, spec.layers.size()));
  for (int stage = 0; stage < stage_count(); ++stage) {
    if (rank_of(stage) == rank_) stages_.push_back(stage);
  }
  for (const Action& action : schedule.ranks[static_cast<size_t>(rank_)]) {
    if (action.kind == ActionKind::kBackwardInput) splits_[static_cast<size_t>(action.stage)] = true;
    if (action.kind == ActionKind::kBackward)
      last_backward_[static_cast<size_t>(action.stage)] = action.micro_batch;
    if (action.kind == ActionKind::kReceiveActivations)
      ++expected_[static_cast<size_t>(rank_of(action.stage - 1))];
    if (action.kind == ActionKind::kReceiveGradients)
      ++expected_[static_cast<size_t>(rank_of(action.stage + 1))];
  }
  if (ranks && ranks->size() > 1)
    messages_ = std::make_unique<StageMessages>(*ranks, most_names(boundary_names_), device);
}

PipelineRuntime::~PipelineRuntime() = default;

size_t PipelineRuntime::part_of(int stage) const {
  return static_cast<size_t>(std::ranges::find(stages_, stage) - stages_.begin());
}

at::Tensor PipelineRuntime::train(StageWork& work) {
  loss_ = has_last_stage() ? at::zeros({}, at::kDouble) : at::Tensor();
  if (messages_) messages_->expect(expected_);
  for (const Action& action : schedule_.ranks[static_cast<size_t>(rank_)]) {
    ready_ = steady_time();
    perform(action, work);
    if (times_ != nullptr) times_->push_back({action, ready_, steady_time()});
    if (messages_) messages_->poll();
  }
  if (messages_) messages_->finish();
  return loss_;
}

void PipelineRuntime::perform(const Action& action, StageWork& work) {
  const Place place{action.stage, action.micro_batch};
  switch (action.kind) {
    case ActionKind::kForward:
      return forward(place, work);
    case ActionKind::kBackward:
      backward(place, work);
      return backward_weight(place);
    case ActionKind::kBackwardInput:
      return backward(place, work);
    case ActionKind::kBackwardWeight:
      return backward_weight(place);
    case ActionKind::kSendActivations:
      return send({MessageKind::kActivations, place.stage + 1, place.micro_batch}, place.stage + 1);
    case ActionKind::kSendGradients:
      return send({MessageKind::kGradients, place.stage, place.micro_batch}, place.stage - 1);
    case ActionKind::kReduce:
      return work.begin_reduction(part_of(action.stage));
    case ActionKind::kReceiveActivations:  // all messages are taken as soon as they come
    case ActionKind::kReceiveGradients:
    case ActionKind::kStep:  // follows this function
      return;
  }
}

PipelineRuntime::Tensors PipelineRuntime::stage_inputs(Place place, StageWork& work) {
  if (place.stage == 0) return in_order(0, work.inputs(place.micro_batch));
  const MessageKey key{MessageKind::kActivations, place.stage, place.micro_batch};
  use_idle_time(key, place.stage - 1, work);
  Tensors inputs = take_over(key, place.stage - 1);
  for (at::Tensor& input : inputs) {
    const bool requires_gradient = input.requires_grad();
    input = input.detach();
    input.set_requires_grad(requires_gradient);
  }
  return inputs;
}

std::shared_ptr<nn::DeferredGradients> PipelineRuntime::make_deferred(Place place,
                                                                      const StageWork& work) const {
  using When = nn::DeferredGradients::When;
  const auto stage = static_cast<size_t>(place.stage);
  if (splits_[stage]) return std::make_shared<nn::DeferredGradients>(When::kLater);
  // Hooks that start a reduction must wait for all uses of their parameter, as autograd's do.
  const bool plain = place.micro_batch == last_backward_[stage] && work.reduces_in_backward();
  return plain ? nullptr : std::make_shared<nn::DeferredGradients>(When::kAtOnce);
}

void PipelineRuntime::forward(Place place, StageWork& work) {
  Pass pass;
  pass.inputs = stage_inputs(place, work);
  ready_ = steady_time();
  pass.deferred = make_deferred(place, work);
  const nn::DeferredGradients::Recording recording(pass.deferred);
  const nn::Activations outputs =
      work.forward(part_of(place.stage), named(place.stage, pass.inputs), place.micro_batch);
  if (place.stage + 1 == stage_count()) {
    pass.loss = work.loss(outputs, place.micro_batch);
    loss_ += pass.loss.detach().to(at::kCPU, at::kDouble);
  } else {
    const Tensors handed = in_order(place.stage + 1, outputs);
    for (const at::Tensor& output : handed) {
      pass.outputs.push_back(output.requires_grad() ? torch::autograd::impl::gradient_edge(output)
                                                    : torch::autograd::Edge());
    }
    hand_over({MessageKind::kActivations, place.stage + 1, place.micro_batch}, place.stage + 1, handed);
  }
  passes_[place] = std::move(pass);
  most_in_flight_ = std::max(most_in_flight_, static_cast<int64_t>(passes_.size()));
}

void PipelineRuntime::backward(Place place, StageWork& work) {
  Pass& pass = passes_.at(place);
  if (pass.loss.defined()) {
    const at::Tensor loss = std::exchange(pass.loss, {});
    differentiate({torch::autograd::impl::gradient_edge(loss)}, {at::ones_like(loss)});
  } else {
    const MessageKey key{MessageKind::kGradients, place.stage + 1, place.micro_batch};
    use_idle_time(key, place.stage + 1, work);
    const Tensors received = take_over(key, place.stage + 1);
    ready_ = steady_time();
    torch::autograd::edge_list roots;
    torch::autograd::variable_list gradients;
    for (size_t i = 0; i < received.size(); ++i) {
      if (!received[i].defined()) continue;
      roots.push_back(std::move(pass.outputs[i]));
      gradients.push_back(received[i]);
    }
    pass.outputs.clear();
    differentiate(roots, gradients);
  }
  if (place.stage > 0) {
    Tensors gradients;
    for (const at::Tensor& input : pass.inputs)
      gradients.push_back(input.requires_grad() ? input.grad() : at::Tensor());
    hand_over({MessageKind::kGradients, place.stage, place.micro_batch}, place.stage - 1,
              std::move(gradients));
  }
  pass.inputs.clear();
}

void PipelineRuntime::backward_weight(Place place) {
  if (const auto deferred = passes_.at(place).deferred) deferred->run();
  passes_.erase(place);
}

void PipelineRuntime::hand_over(const MessageKey& key, int receiving_stage, Tensors tensors) {
  auto& place = rank_of(receiving_stage) == rank_ ? local_ : to_send_;
  place[key] = std::move(tensors);
}

void PipelineRuntime::send(const MessageKey& key, int receiving_stage) {
  messages_->send(rank_of(receiving_stage), key, to_send_.extract(key).mapped());
}

void PipelineRuntime::use_idle_time(const MessageKey& key, int sending_stage, StageWork& work) {
  const int rank = rank_of(sending_stage);
  while (rank != rank_ && !messages_->is_announced(rank, key) && work.use_idle_time()) continue;
}

PipelineRuntime::Tensors PipelineRuntime::take_over(const MessageKey& key, int sending_stage) {
  if (rank_of(sending_stage) != rank_) return messages_->receive(rank_of(sending_stage), key);
  return std::move(local_.extract(key).mapped());
}

nn::Activations PipelineRuntime::named(int boundary, const Tensors& tensors) const {
  const std::vector<std::string>& names = boundary_names_[static_cast<size_t>(boundary)];
  nn::Activations activations;
  for (size_t i = 0; i < names.size(); ++i) activations[names[i]] = tensors.at(i);
  return activations;
}

PipelineRuntime::Tensors PipelineRuntime::in_order(int boundary, const nn::Activations& activations) const {
  Tensors tensors;
  for (const std::string& name : boundary_names_[static_cast<size_t>(boundary)]) {
    const auto found = activations.find(name);
    if (found == activations.end())
      throw InternalError(str_format("stage {}: activation '{}' is missing", boundary, name));
    tensors.push_back(found->second);
  }
  return tensors;
}

void PipelineRuntime::infer(InferenceWork& work, int64_t batches) {
  const c10::NoGradGuard no_grad;
  if (messages_) {
    std::vector<int64_t> expected(schedule_.ranks.size());
    for (const int stage : stages_) {
      if (stage > 0 && rank_of(stage - 1) != rank_)
        expected[static_cast<size_t>(rank_of(stage - 1))] += batches;
    }
    messages_->expect(expected);
  }
  // At tick t stage s has batch t - s: what it needs is then there, whatever stages a rank has.
  for (int64_t tick = 0; tick < batches + stage_count() - 1; ++tick) {
    for (const int stage : stages_) {
      if (tick >= stage && tick - stage < batches) infer_stage({stage, tick - stage}, work);
    }
  }
  if (messages_) messages_->finish();
}

void PipelineRuntime::infer_stage(Place place, InferenceWork& work) {
  const auto [stage, batch] = place;
  Tensors inputs;
  bool empty = false;
  if (stage == 0) {
    const std::optional<nn::Activations> given = work.inputs(batch);
    empty = !given;
    if (given) inputs = in_order(0, *given);
  } else {
    inputs = take_over({MessageKind::kActivations, stage, batch}, stage - 1);
    empty = inputs.empty();
  }
  if (messages_) messages_->poll(stages_.size());
  nn::Activations outputs;
  if (!empty) outputs = work.forward(part_of(stage), named(stage, inputs), batch);
  if (stage + 1 == stage_count()) {
    if (!empty) work.outputs(outputs, batch);
    return;
  }
  const MessageKey key{MessageKind::kActivations, stage + 1, batch};
  hand_over(key, stage + 1, empty ? Tensors() : in_order(stage + 1, outputs));
  if (rank_of(stage + 1) == rank_) return;
  send(key, stage + 1);
  // No stage runs far ahead of a slower one. What was sent two ticks ago is needed a tick ago, so no rank
  // waits here for one that waits for it.
  messages_->finish(2 * stages_.size());
}

}  // namespace echelon::parallel
