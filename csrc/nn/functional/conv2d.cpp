#include "nn/functional/conv2d.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>

#include "nn/functional/convert.h"
#include "nn/functional/product_weight.h"
#include "nn/functional/types.h"
#include "nn/kept_value.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct Window {
  int64_t stride, padding;

  /// The gradients of x, weight and bias that `wanted` names.
  std::array<at::Tensor, 3> backward(const at::Tensor& gradient, const at::Tensor& x,
                                     const at::Tensor& weight, std::array<bool, 3> wanted) const {
    auto [of_x, of_weight, of_bias] =
        at::convolution_backward(gradient, x, weight, weight.sizes().slice(0, 1), {stride, stride},
                                 {padding, padding}, /*dilation=*/{1, 1}, /*transposed=*/false,
                                 /*output_padding=*/{0, 0}, /*groups=*/1, wanted);
    return {of_x, of_weight, of_bias};
  }
};

/// parameters: weight, bias. held: the output's gradient, x, the weight in the type of products.
void accumulate(const Window& window, at::TensorList parameters, at::TensorList held) {
  const at::Tensor &weight = parameters[0], &bias = parameters[1];
  const auto gradients = window.backward(held[0], held[1], held[2], {false, true, bias.defined()});
  accumulate_gradient(weight, convert(gradients[1], weight.scalar_type()));
  if (bias.defined()) accumulate_gradient(bias, gradients[2].to(bias.scalar_type()));
}

/// x is in the type of products.
struct SplitConv2d : torch::autograd::Function<SplitConv2d> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& /*anchor*/,
                            const Window& window, const Deferral& deferral) {
    const at::Tensor &weight = deferral.parameters[0], &bias = deferral.parameters[1];
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const at::Tensor converted = product_weight(weight, x.scalar_type())->tensor();
    ctx->save_for_backward({x, converted});
    ctx->saved_data["window"] = keep(window);
    ctx->saved_data["deferral"] = keep(deferral);
    return at::conv2d(x, converted, bias.defined() ? convert(bias, x.scalar_type()) : bias, window.stride,
                      window.padding);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const Window window = kept<Window>(ctx->saved_data["window"]);
    kept<Deferral>(ctx->saved_data["deferral"])
        .defer({gradient, x, weight}, [window](at::TensorList parameters, at::TensorList held) {
          accumulate(window, parameters, held);
        });
    at::Tensor x_gradient;
    if (ctx->needs_input_grad(0)) {
      x_gradient = window.backward(gradient, x, weight, {true, false, false})[0];
    }
    return {x_gradient, {}, {}, {}};
  }
};

}  // namespace

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride,
                  int64_t padding) {
  const auto& deferred = DeferredGradients::current();
  if (!deferred) return at::conv2d(x, weight, bias, stride, padding);
  return SplitConv2d::apply(x.to(product_type(x)), DeferredGradients::anchor(), Window{stride, padding},
                            Deferral{deferred, {weight, bias}});
}

}  // namespace echelon::nn
