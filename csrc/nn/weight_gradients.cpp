#include "nn/weight_gradients.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "nn/functional/convert.h"
#include "nn/kept_value.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

thread_local std::shared_ptr<DeferredGradients> current_deferred;

bool takes_gradient(const at::Tensor& parameter) {
  return parameter.defined() && parameter.requires_grad();
}

void call_hook(const at::Tensor& parameter) {
  const auto& hook = torch::autograd::impl::post_acc_grad_hooks(parameter);
  if (hook) (*hook)(parameter);
}

/// The identity, whose backward defers its gradient.
struct PutOff : torch::autograd::Function<PutOff> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& /*anchor*/, const Deferral& deferral) {
    ctx->set_materialize_grads(false);
    ctx->saved_data["deferral"] = keep(deferral);
    return deferral.parameters[0].detach();
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto& deferral = kept<Deferral>(ctx->saved_data["deferral"]);
    deferral.deferred->defer_gradient(deferral.parameters[0], gradients[0]);
    return {{}, {}};
  }
};

}  // namespace

DeferredGradients::Recording::Recording(std::shared_ptr<DeferredGradients> deferred)
    : previous_(std::exchange(current_deferred, std::move(deferred))) {}

DeferredGradients::Recording::~Recording() {
  current_deferred = std::move(previous_);
}

const std::shared_ptr<DeferredGradients>& DeferredGradients::current() {
  return current_deferred;
}

const at::Tensor& DeferredGradients::anchor() {
  // A leaf a thread: to build a graph on it writes to its node.
  static thread_local const at::Tensor leaf = at::empty({0}).set_requires_grad(true);
  return leaf;
}

void DeferredGradients::defer(std::vector<at::Tensor> parameters, std::vector<at::Tensor> held,
                              WeightHalf compute) {
  if (std::ranges::none_of(parameters, takes_gradient)) return;
  for (at::Tensor& tensor : held) tensor = tensor.detach();
  const std::lock_guard lock(mutex_);
  parts_.push_back({std::move(parameters), std::move(held), std::move(compute)});
}

void DeferredGradients::defer_gradient(const at::Tensor& parameter, const at::Tensor& gradient) {
  if (!gradient.defined()) return;
  defer({parameter}, {gradient},
        [](at::TensorList parameters, at::TensorList held) { accumulate_gradient(parameters[0], held[0]); });
}

void DeferredGradients::run() {
  const c10::NoGradGuard no_gradient;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  std::deque<Part> parts;
  {
    const std::lock_guard lock(mutex_);
    parts.swap(parts_);
  }
  std::unordered_map<c10::TensorImpl*, size_t> uses_left;
  for (const Part& part : parts) {
    for (const at::Tensor& parameter : part.parameters) ++uses_left[parameter.unsafeGetTensorImpl()];
  }
  while (!parts.empty()) {
    const std::vector<at::Tensor> parameters = parts.front().parameters;
    parts.front().compute(parameters, parts.front().held);
    parts.pop_front();
    for (const at::Tensor& parameter : parameters) {
      const bool last = --uses_left[parameter.unsafeGetTensorImpl()] == 0;
      if (last && takes_gradient(parameter)) call_hook(parameter);
    }
  }
}

size_t DeferredGradients::size() const {
  const std::lock_guard lock(mutex_);
  return parts_.size();
}

int64_t DeferredGradients::bytes_held() const {
  const std::lock_guard lock(mutex_);
  std::unordered_set<c10::StorageImpl*> seen;
  for (const Part& part : parts_) {
    for (const at::Tensor& parameter : part.parameters) {
      if (parameter.defined()) seen.insert(parameter.storage().unsafeGetStorageImpl());
    }
  }
  int64_t bytes = 0;
  for (const Part& part : parts_) {
    for (const at::Tensor& tensor : part.held) {
      if (seen.insert(tensor.storage().unsafeGetStorageImpl()).second)
        bytes += static_cast<int64_t>(tensor.storage().nbytes());
    }
  }
  return bytes;
}

at::Tensor put_off(const at::Tensor& parameter) {
  if (!current_deferred || !takes_gradient(parameter)) return parameter;
  return PutOff::apply(DeferredGradients::anchor(), Deferral{current_deferred, {parameter}});
}

void accumulate_gradient(const at::Tensor& parameter, const at::Tensor& gradient) {
  if (!takes_gradient(parameter)) return;
  at::Tensor& sum = parameter.mutable_grad();
  const bool alone = gradient.storage().use_count() == 1;
  if (sum.defined()) {
    sum.add_(gradient);
  } else if (alone && gradient.strides() == parameter.strides() && gradient.dtype() == parameter.dtype()) {
    sum = gradient;
  } else {
    sum = at::empty_like(parameter, parameter.options().requires_grad(false)).copy_(gradient);
  }
}

void accumulate_product(const at::Tensor& parameter, const at::Tensor& a, const at::Tensor& b) {
  if (!takes_gradient(parameter)) return;
  at::Tensor& sum = parameter.mutable_grad();
  if (sum.defined() && sum.dtype() == a.dtype() && sum.is_contiguous()) {
    sum.addmm_(a, b);
  } else {
    accumulate_gradient(parameter, convert(at::mm(a, b), parameter.scalar_type()));
  }
}

}  // namespace echelon::nn
