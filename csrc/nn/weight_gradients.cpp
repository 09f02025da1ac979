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

/// Null where the parameter has none.
const GradientPlace* gradient_place(const at::Tensor& parameter) {
  return dynamic_cast<const GradientPlace*>(torch::autograd::impl::post_acc_grad_hooks(parameter).get());
}

/// Undefined where the parameter has none.
at::Tensor place_of(const at::Tensor& parameter) {
  const GradientPlace* place = gradient_place(parameter);
  return place == nullptr ? at::Tensor() : place->place();
}

/// The place for the first product of a matrix's gradient, as that is computed fastest: CPU libraries are
/// faster by a tenth where the product has fewer rows than columns.
at::Tensor place_of_product(const at::Tensor& parameter) {
  const GradientPlace* hook = gradient_place(parameter);
  if (hook == nullptr) return {};
  const at::Tensor& place = hook->place();
  const bool tall = place.dim() == 2 && place.size(0) > place.size(1);
  if (!tall || !place.is_cpu() || hook->is_final()) return place;
  return place.view({place.size(1), place.size(0)}).t();
}

/// While it lives nothing is recorded for autograd or converted by autocast.
struct PlainArithmetic {
  const c10::NoGradGuard no_gradient;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast{c10::autocast_dispatch_keyset};
};

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
  if (when_ == When::kAtOnce) {
    const PlainArithmetic plain;
    compute(parameters, held);
    for (const at::Tensor& parameter : parameters) {
      if (takes_gradient(parameter)) call_hook(parameter);
    }
    return;
  }
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
  const PlainArithmetic plain;
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

at::Tensor& begun_gradient(const at::Tensor& parameter) {
  at::Tensor& sum = parameter.mutable_grad();
  if (sum.defined()) return sum;
  if (const at::Tensor place = place_of(parameter); place.defined()) return sum = place.zero_();
  return sum = at::zeros_like(parameter, parameter.options().requires_grad(false));
}

void accumulate_gradient(const at::Tensor& parameter, const at::Tensor& gradient) {
  if (!takes_gradient(parameter)) return;
  at::Tensor& sum = parameter.mutable_grad();
  const bool alone = gradient.storage().use_count() == 1;
  if (sum.defined()) {
    sum.add_(gradient);
  } else if (const at::Tensor place = place_of(parameter); place.defined()) {
    sum = place.copy_(gradient);
  } else if (alone && gradient.strides() == parameter.strides() && gradient.dtype() == parameter.dtype()) {
    sum = gradient;
  } else {
    sum = at::empty_like(parameter, parameter.options().requires_grad(false)).copy_(gradient);
  }
}

void accumulate_product(const at::Tensor& parameter, const at::Tensor& a, const at::Tensor& b) {
  if (!takes_gradient(parameter)) return;
  at::Tensor& sum = parameter.mutable_grad();
  const at::Tensor place = sum.defined() ? sum : place_of_product(parameter);
  const bool by_columns = place.defined() && !place.is_contiguous() && place.t().is_contiguous();
  if (!place.defined() || place.dtype() != a.dtype() || !(place.is_contiguous() || by_columns)) {
    accumulate_gradient(parameter, convert(at::mm(a, b), parameter.scalar_type()));
    return;
  }
  at::Tensor target = by_columns ? place.t() : place;
  const at::Tensor left = by_columns ? b.t() : a, right = by_columns ? a.t() : b;
  if (sum.defined()) {
    target.addmm_(left, right);
  } else {
    at::mm_out(target, left, right);
    sum = place;
  }
}

void settle_gradient(const at::Tensor& parameter) {
  const c10::NoGradGuard no_gradient;
  at::Tensor& gradient = parameter.mutable_grad();
  at::Tensor place = place_of(parameter);
  if (!gradient.defined() || gradient.is_same(place)) return;
  const bool lies_there = gradient.data_ptr() == place.data_ptr();
  // A matrix of one column lies there as it is to lie, whatever its strides say.
  if (!lies_there) place.copy_(gradient);
  if (lies_there && !gradient.is_contiguous()) place.copy_(gradient.contiguous());
  gradient = place;
}

}  // namespace echelon::nn
