#include "nn/recompute.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "nn/kept_value.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// Autocast on one kind of device.
struct Autocast {
  at::DeviceType device;
  bool enabled;
  at::ScalarType type;
  bool cache;

  static Autocast current(at::DeviceType device) {
    if (!at::autocast::is_autocast_available(device)) device = at::kCPU;  // the meta device has none
    return {device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device),
            at::autocast::is_autocast_cache_enabled()};
  }

  void set() const {
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::set_autocast_dtype(device, type);
    at::autocast::set_autocast_cache_enabled(cache);
  }
};

class AutocastGuard {
 public:
  explicit AutocastGuard(const Autocast& autocast) : previous_(Autocast::current(autocast.device)) {
    autocast.set();
  }
  ~AutocastGuard() { previous_.set(); }
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  Autocast previous_;
};

struct Plan {
  Computation run;
  tensor_list parameters;
  Autocast autocast;
  std::shared_ptr<DeferredGradients> deferred;

  tensor_list run_again(at::TensorList inputs) const {
    const at::AutoGradMode gradients(true);
    const DeferredGradients::Recording recording(deferred);
    const AutocastGuard guard(autocast);
    return run(inputs, true);
  }
};

/// Without their graphs, as leaves of a graph of their own.
tensor_list detached(const tensor_list& inputs) {
  tensor_list leaves;
  for (const at::Tensor& input : inputs) {
    leaves.push_back(input.detach().set_requires_grad(input.requires_grad()));
  }
  return leaves;
}

/// The gradients of `leaves`; undefined for those that need none.
tensor_list differentiate(const tensor_list& outputs, const tensor_list& output_gradients,
                          const tensor_list& leaves) {
  tensor_list roots, root_gradients, wanted;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!output_gradients[i].defined() || !outputs[i].requires_grad()) continue;
    roots.push_back(outputs[i]);
    root_gradients.push_back(output_gradients[i]);
  }
  std::ranges::copy_if(leaves, std::back_inserter(wanted),
                       [](const at::Tensor& t) { return t.requires_grad(); });
  tensor_list gradients(leaves.size());
  if (roots.empty() || wanted.empty()) return gradients;
  const tensor_list found = torch::autograd::grad(roots, wanted, root_gradients, /*retain_graph=*/false,
                                                  /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t i = 0, next = 0; i < leaves.size(); ++i) {
    if (leaves[i].requires_grad()) gradients[i] = found[next++];
  }
  return gradients;
}

struct Recompute : torch::autograd::Function<Recompute> {
  static tensor_list forward(AutogradContext* ctx, at::TensorList inputs, at::TensorList, const Plan& plan) {
    ctx->set_materialize_grads(false);
    ctx->save_for_backward(inputs.vec());
    ctx->saved_data["plan"] = keep(plan);
    const AutocastGuard guard(plan.autocast);
    return plan.run(inputs, false);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto& plan = kept<Plan>(ctx->saved_data["plan"]);
    tensor_list leaves = detached(ctx->get_saved_variables());
    const size_t inputs = leaves.size();
    const tensor_list outputs = plan.run_again(leaves);
    leaves.insert(leaves.end(), plan.parameters.begin(), plan.parameters.end());
    if (plan.deferred) leaves.push_back(DeferredGradients::anchor());  // or what defers would not be run
    tensor_list result = differentiate(outputs, gradients, leaves);
    if (plan.deferred) {
      for (size_t i = 0; i < plan.parameters.size(); ++i)
        plan.deferred->defer_gradient(plan.parameters[i], result[inputs + i]);
      result.resize(inputs);
      result.emplace_back();  // of the anchor
    }
    result.emplace_back();  // of the plan
    return result;
  }
};

at::DeviceType device_of(at::TensorList inputs, at::TensorList parameters) {
  return (inputs.empty() ? parameters : inputs).front().device().type();
}

/// Without repetition: a gradient is handed out once for each time a tensor is named.
tensor_list distinct(at::TensorList parameters) {
  tensor_list result;
  for (const at::Tensor& parameter : parameters) {
    if (std::ranges::none_of(result, [&](const at::Tensor& t) { return t.is_same(parameter); }))
      result.push_back(parameter);
  }
  return result;
}

}  // namespace

std::vector<at::Tensor> recompute(const Computation& run, at::TensorList inputs, at::TensorList parameters) {
  if (!c10::GradMode::is_enabled()) return run(inputs, false);
  Autocast autocast = Autocast::current(device_of(inputs, parameters));
  // What backward leaves in the cache nobody would clear before the weights change.
  autocast.cache = false;
  const Plan plan{run, distinct(parameters), autocast, DeferredGradients::current()};
  const at::TensorList connected =
      plan.deferred ? at::TensorList(DeferredGradients::anchor()) : at::TensorList(plan.parameters);
  return Recompute::apply(inputs, connected, plan);
}

}  // namespace echelon::nn
