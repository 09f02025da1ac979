#include "nn/functional/linear.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/functional/convert.h"
#include "nn/functional/product_weight.h"
#include "nn/functional/rows.h"
#include "nn/functional/types.h"
#include "nn/kept_value.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// parameters: weight, bias. held: the output's gradient, x.
void accumulate(at::TensorList parameters, at::TensorList held) {
  const at::Tensor &weight = parameters[0], &bias = parameters[1];
  const at::Tensor gradient = as_rows(held[0]);
  accumulate_product(weight, gradient.t(), as_rows(held[1]));
  if (bias.defined()) accumulate_gradient(bias, gradient.sum({0}, /*keepdim=*/false, bias.scalar_type()));
}

/// x is in the type of products.
struct SplitLinear : torch::autograd::Function<SplitLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& /*anchor*/,
                            const Deferral& deferral) {
    const at::Tensor &weight = deferral.parameters[0], &bias = deferral.parameters[1];
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const auto product = product_weight(weight, x.scalar_type());
    ctx->save_for_backward({x, product->tensor()});
    ctx->saved_data["weight"] = keep(product);
    ctx->saved_data["deferral"] = keep(deferral);
    const at::Tensor y =
        product->forward(as_rows(x).contiguous(), bias.defined() ? convert(bias, x.scalar_type()) : bias);
    return y.view(with_last(x.sizes(), weight.size(0)));
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &gradient = gradients[0];
    kept<Deferral>(ctx->saved_data["deferral"]).defer({gradient, x}, accumulate);
    at::Tensor x_gradient;
    if (ctx->needs_input_grad(0)) {
      const auto& weight = kept<SharedProductWeight>(ctx->saved_data["weight"]);
      x_gradient = weight->backward(as_rows(gradient).contiguous()).view(x.sizes());
    }
    return {x_gradient, {}, {}};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto& deferred = DeferredGradients::current();
  if (!deferred) return at::linear(x, weight, bias);
  return SplitLinear::apply(x.to(product_type(x)), DeferredGradients::anchor(),
                            Deferral{deferred, {weight, bias}});
}

}  // namespace echelon::nn
