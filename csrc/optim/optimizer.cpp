#include "optim/optimizer.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "optim/load_tensor.h"

namespace echelon::optim {
namespace {

std::string state_name(const std::string& kind, const std::string& parameter) {
  return str_format("optimizer.{}.{}", kind, parameter);
}

void check_group(const ParameterGroup& group) {
  if (group.names.size() != group.parameters.size() || group.names.size() != group.gradients.size()) {
    throw InternalError(str_format("a parameter group has {} names, {} parameters and {} gradients",
                                   group.names.size(), group.parameters.size(), group.gradients.size()));
  }
  for (size_t i = 0; i < group.names.size(); ++i) {
    const at::Tensor& parameter = group.parameters[i];
    const at::Tensor& gradient = group.gradients[i];
    // The fused kernels walk both as flat memory and do not look at strides.
    const bool fits = parameter.sizes() == gradient.sizes() && parameter.strides() == gradient.strides() &&
                      parameter.scalar_type() == gradient.scalar_type() &&
                      parameter.is_non_overlapping_and_dense();
    if (!fits)
      throw InternalError(
          str_format("the gradient of '{}' is not laid out like the parameter", group.names[i]));
  }
}

/// Into groups of about kPartElements.
std::vector<ParameterGroup> cut(const ParameterGroup& group) {
  constexpr int64_t kPartElements = 4 << 20;
  std::vector<ParameterGroup> parts;
  int64_t elements = kPartElements;
  for (size_t i = 0; i < group.names.size(); ++i) {
    if (elements >= kPartElements) {
      parts.push_back({.names = {}, .parameters = {}, .gradients = {}, .decay = group.decay});
      elements = 0;
    }
    parts.back().names.push_back(group.names[i]);
    parts.back().parameters.push_back(group.parameters[i]);
    parts.back().gradients.push_back(group.gradients[i]);
    elements += group.parameters[i].numel();
  }
  return parts;
}

}  // namespace

Optimizer::Optimizer(const std::vector<ParameterGroup>& groups, std::vector<std::string> kinds)
    : kinds_(std::move(kinds)) {
  std::set<std::string> names;
  for (const ParameterGroup& group : groups) {
    check_group(group);
    for (const std::string& name : group.names) {
      if (!names.insert(name).second) throw InternalError(str_format("two parameters are named '{}'", name));
    }
    for (ParameterGroup& part : cut(group)) add_slots(std::move(part));
  }
}

void Optimizer::add_slots(ParameterGroup part) {
  Slots slots{std::move(part), std::vector<std::vector<at::Tensor>>(kinds_.size())};
  for (std::vector<at::Tensor>& tensors : slots.state) {
    for (const at::Tensor& parameter : slots.group.parameters)
      tensors.push_back(at::zeros_like(parameter.detach()));
  }
  slots_.push_back(std::move(slots));
}

void Optimizer::step(double learning_rate) {
  for (size_t part = 0; part < parts(); ++part) update_part(part, learning_rate);
  end_step();
}

void Optimizer::update_part(size_t part, double learning_rate) {
  const c10::NoGradGuard no_grad;
  update(slots_[part], learning_rate);
}

std::vector<at::Tensor> Optimizer::tensors_of_part(size_t part) const {
  const Slots& slots = slots_[part];
  std::vector<at::Tensor> tensors;
  for (const at::Tensor& parameter : slots.group.parameters) tensors.push_back(parameter.detach());
  for (const auto& state : slots.state) tensors.insert(tensors.end(), state.begin(), state.end());
  return tensors;
}

std::vector<std::string> Optimizer::state_names(const std::string& parameter) const {
  std::vector<std::string> names;
  for (const std::string& kind : kinds_) names.push_back(state_name(kind, parameter));
  return names;
}

bool Optimizer::knows(const std::string& name, const std::set<std::string>& parameters) const {
  if (name == kStepName) return true;
  return std::any_of(kinds_.begin(), kinds_.end(), [&](const std::string& kind) {
    const std::string prefix = state_name(kind, "");
    return name.starts_with(prefix) && parameters.contains(name.substr(prefix.size()));
  });
}

State Optimizer::state() const {
  State state;
  state[kStepName] = at::scalar_tensor(steps_done_, at::kLong);
  for (const Slots& slots : slots_) {
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      for (size_t i = 0; i < slots.group.names.size(); ++i) {
        state[state_name(kinds_[kind], slots.group.names[i])] = slots.state[kind][i];
      }
    }
  }
  return state;
}

void Optimizer::load_state(const State& state) {
  const State own = this->state();
  for (const auto& [name, tensor] : state) {
    if (own.count(name) == 0) {
      throw CheckpointError(str_format(
          "the checkpoint's '{}' has no place here: it comes from another optimizer or model", name));
    }
  }
  for (const auto& [name, tensor] : own) load_tensor(name, state, tensor);
  steps_done_ = own.at(kStepName).item<int64_t>();
}

namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const OptimizerSettings& settings, const std::vector<ParameterGroup>& groups)
      : Optimizer(groups, settings.momentum > 0 ? std::vector<std::string>{"momentum_buffer"}
                                                : std::vector<std::string>{}),
        settings_(settings) {}

 private:
  void update(Slots& slots, double learning_rate) override {
    const at::TensorList momentum = slots.state.empty() ? at::TensorList() : at::TensorList(slots.state[0]);
    at::_fused_sgd_(slots.group.parameters, slots.group.gradients, momentum,
                    slots.group.decay ? settings_.weight_decay : 0, settings_.momentum, learning_rate,
                    /*dampening=*/0, settings_.nesterov, /*maximize=*/false,
                    /*is_first_step=*/steps_done_ == 0);
  }

  OptimizerSettings settings_;
};

class Adam final : public Optimizer {
 public:
  Adam(const OptimizerSettings& settings, const std::vector<ParameterGroup>& groups)
      : Optimizer(groups, {"exp_avg", "exp_avg_sq"}), settings_(settings) {
    if (settings.name == "adamw") kernel_ = &at::_fused_adamw_;
  }

 private:
  void update(Slots& slots, double learning_rate) override {
    const ParameterGroup& group = slots.group;
    // The kernel counts from 1 and reads one count a tensor; all are the same here.
    const at::Tensor count =
        at::full({}, static_cast<double>(steps_done_ + 1), group.parameters[0].options().dtype(at::kFloat));
    const std::vector<at::Tensor> counts(group.parameters.size(), count);
    kernel_(group.parameters, group.gradients, slots.state[0], slots.state[1], {}, counts, learning_rate,
            settings_.beta1, settings_.beta2, group.decay ? settings_.weight_decay : 0, settings_.eps,
            /*amsgrad=*/false,
            /*maximize=*/false, {}, {});
  }

  using Kernel = void (*)(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                          at::TensorList, double, double, double, double, double, bool, bool,
                          const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
  OptimizerSettings settings_;
  Kernel kernel_ = &at::_fused_adam_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings,
                                          const std::vector<ParameterGroup>& groups) {
  if (settings.name == "sgd") return std::make_unique<Sgd>(settings, groups);
  return std::make_unique<Adam>(settings, groups);
}

}  // namespace echelon::optim
