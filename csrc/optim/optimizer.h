// Optimizers over LibTorch's fused kernels, with the semantics of torch.optim (defaults: no AMSGrad, no
// dampening).
//   sgd    g += λ θ;  b = μ b + g (b = g at the first step);  θ -= η (nesterov ? g + μ b : b)
//   adam   g += λ θ;  m, v = moving means of g, g²;  θ -= η m̂ / (√v̂ + ε)             Kingma & Ba, 2015
//   adamw  θ -= η λ θ;  then as adam without λ                                         Loshchilov & Hutter,
//   2019
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "optim/settings.h"

namespace echelon::optim {

/// Parameters that share their weight decay. The three lists run in parallel. A gradient has the type, shape
/// and strides of its parameter, both are dense, and both stay where they are as long as the optimizer lives;
/// either may be a view of a larger buffer. Floating types: float32, float64, bfloat16, float16.
struct ParameterGroup {
  std::vector<std::string> names;  ///< unique over all groups
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> gradients;
  bool decay = true;  ///< false: weight_decay does not apply
};

/// Tensors by the name that a checkpoint stores them under.
using State = std::map<std::string, at::Tensor>;

/// Of the number of steps done, in a State.
inline constexpr const char* kStepName = "optimizer.step";

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Updates every parameter in place from its gradient. Gradients are left as they are.
  void step(double learning_rate);

  // The same a part at a time: update_part() of each, in any order, then end_step().

  size_t parts() const { return slots_.size(); }
  void update_part(size_t part, double learning_rate);
  /// What update_part() changes: parameters and state.
  std::vector<at::Tensor> tensors_of_part(size_t part) const;
  void end_step() { ++steps_done_; }

  int64_t steps_done() const { return steps_done_; }

  /// The names of a parameter's tensors in a State.
  std::vector<std::string> state_names(const std::string& parameter) const;
  /// Whether a State of this algorithm over `parameters` has the name.
  bool knows(const std::string& name, const std::set<std::string>& parameters) const;

  /// "optimizer.step" (int64, no dimension) and "optimizer.KIND.PARAMETER" for the kinds of the algorithm
  /// (exp_avg, exp_avg_sq; momentum_buffer), each of its parameter's shape. The tensors are the optimizer's
  /// own, not copies.
  State state() const;

  /// Copies `state` in. Throws CheckpointError that names what is missing, unexpected or of another shape or
  /// type.
  void load_state(const State& state);

 protected:
  /// `kinds`: the tensors that the algorithm keeps for each parameter, zero at the start.
  Optimizer(const std::vector<ParameterGroup>& groups, std::vector<std::string> kinds);

  struct Slots {
    ParameterGroup group;
    std::vector<std::vector<at::Tensor>> state;  // [kind][parameter]
  };
  virtual void update(Slots& slots, double learning_rate) = 0;

 private:
  void add_slots(ParameterGroup part);

  std::vector<std::string> kinds_;
  std::vector<Slots> slots_;  // a part each

 protected:
  int64_t steps_done_ = 0;  ///< before the step that update() makes
};

/// The optimizer that the settings name. Throws InternalError when a group breaks its contract.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings,
                                          const std::vector<ParameterGroup>& groups);

}  // namespace echelon::optim
