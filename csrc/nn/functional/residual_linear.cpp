#include "nn/functional/residual_linear.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/functional/convert.h"
#include "nn/functional/kernels/gelu.h"
#include "nn/functional/kernels/residual.h"
#include "nn/functional/linear.h"
#include "nn/functional/product_weight.h"
#include "nn/functional/rows.h"
#include "nn/functional/types.h"
#include "nn/kept_value.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// residual + x Wᵀ + bias. x: [rows, in], in the type of products; weight likewise; residual and bias wide.
at::Tensor add_to_residual(const at::Tensor& residual, const at::Tensor& x, const ProductWeight& weight,
                           const at::Tensor& bias) {
  const int64_t rows = x.size(0), width = weight.tensor().size(0);
  at::Tensor out = at::empty_like(residual);
  const bool narrow = x.scalar_type() != residual.scalar_type();
  const at::Tensor y = narrow ? weight.forward(x) : at::Tensor();
  with_types(x.scalar_type(), [&]<class W, class T>(W*, T*) {
    for_each_row(rows, [&](int64_t row, int64_t) {
      const W* from = data<W>(residual) + row * width;
      W* to = data<W>(out) + row * width;
      if constexpr (std::is_same_v<W, T>) {
        kernels::add_bias_row(from, data<W>(bias), to, width);
      } else {
        kernels::add_row(from, data<T>(y) + row * width, data<W>(bias), to, width);
      }
    });
  });
  if (!narrow) weight.add_forward(out.view({rows, width}), x);
  return out;
}

at::Tensor gelu(const at::Tensor& x, const at::Tensor& bias) {
  const int64_t width = bias.numel();
  const at::Tensor y = at::empty_like(x);
  with_types(x.scalar_type(), [&]<class W, class T>(W*, T*) {
    for_each_row(x.numel() / width, [&](int64_t row, int64_t) {
      kernels::gelu_row(data<T>(x) + row * width, data<W>(bias), data<T>(y) + row * width, width);
    });
  });
  return y;
}

struct GeluBackward {
  at::Tensor activated;      // gelu(x + bias)
  at::Tensor bias_gradient;  // [width]
};

/// Turns `gradient`, of gelu(x + bias), into that of x.
GeluBackward gelu_backward(const at::Tensor& x, const at::Tensor& bias, const at::Tensor& gradient) {
  const int64_t width = bias.numel(), rows = x.numel() / width;
  const at::Tensor y = at::empty_like(x);
  const at::Tensor sums = at::zeros({chunk_count(rows), width}, bias.options());
  with_types(x.scalar_type(), [&]<class W, class T>(W*, T*) {
    for_each_row(rows, [&](int64_t row, int64_t chunk) {
      const int64_t first = row * width;
      kernels::gelu_row_backward(data<T>(x) + first, data<W>(bias), data<T>(gradient) + first,
                                 data<W>(sums) + chunk * width, data<T>(y) + first, width);
    });
  });
  return {y, sums.sum(0)};
}

/// Of gradient [rows, out] and x [rows, in], for the only parameter of `deferral`. Undefined when it is put
/// off.
at::Tensor weight_gradient(const Deferral& deferral, const at::Tensor& gradient, const at::Tensor& x) {
  if (!deferral.deferred) return convert(at::mm(gradient.t(), x), deferral.parameters[0].scalar_type());
  deferral.defer({gradient, x}, [](at::TensorList parameters, at::TensorList held) {
    accumulate_product(parameters[0], held[0].t(), held[1]);
  });
  return {};
}

struct ResidualLinear : torch::autograd::Function<ResidualLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& residual, const at::Tensor& x,
                            const at::Tensor& /*weight*/, const at::Tensor& bias, const Deferral& deferral) {
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const auto weight = product_weight(deferral.parameters[0], x.scalar_type());
    ctx->save_for_backward({x, weight->tensor()});
    ctx->saved_data["weight"] = keep(weight);
    ctx->saved_data["deferral"] = keep(deferral);
    return add_to_residual(residual, as_rows(x), *weight, bias);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& x = saved[0];
    const auto& weight = kept<SharedProductWeight>(ctx->saved_data["weight"]);
    const at::Tensor wide_gradient = as_rows(gradients[0].contiguous());
    const at::Tensor gradient = convert(wide_gradient, x.scalar_type());
    const auto& deferral = kept<Deferral>(ctx->saved_data["deferral"]);
    return {gradients[0],
            weight->backward(gradient).view(x.sizes()),
            weight_gradient(deferral, gradient, as_rows(x)),
            column_sum(wide_gradient),
            {}};
  }
};

struct ResidualGeluLinear : torch::autograd::Function<ResidualGeluLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& residual, const at::Tensor& x,
                            const at::Tensor& x_bias, const at::Tensor& /*weight*/, const at::Tensor& bias,
                            const Deferral& deferral) {
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const auto weight = product_weight(deferral.parameters[0], x.scalar_type());
    ctx->save_for_backward({x, x_bias, weight->tensor()});
    ctx->saved_data["weight"] = keep(weight);
    ctx->saved_data["deferral"] = keep(deferral);
    return add_to_residual(residual, as_rows(gelu(x, x_bias)), *weight, bias);
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &x_bias = saved[1];
    const auto& weight = kept<SharedProductWeight>(ctx->saved_data["weight"]);
    const at::Tensor wide_gradient = as_rows(gradients[0].contiguous());
    const at::Tensor gradient = convert(wide_gradient, x.scalar_type());
    const at::Tensor x_gradient = weight->backward(gradient).view(x.sizes());
    const GeluBackward gelu = gelu_backward(x, x_bias, x_gradient);
    const auto& deferral = kept<Deferral>(ctx->saved_data["deferral"]);
    return {gradients[0],
            x_gradient,
            gelu.bias_gradient,
            weight_gradient(deferral, gradient, as_rows(gelu.activated)),
            column_sum(wide_gradient),
            {}};
  }
};

/// What the element-wise parts need: a contiguous residual in the parameters' type.
bool fused(const at::Tensor& residual, const at::Tensor& weight) {
  return residual.scalar_type() == weight.scalar_type() && fusible(residual, product_type(residual));
}

}  // namespace

at::Tensor residual_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias) {
  if (!fused(residual, weight)) return residual + nn::linear(x, weight, bias);
  return ResidualLinear::apply(residual.contiguous(), x.to(product_type(residual)).contiguous(),
                               put_off(weight), put_off(bias),
                               Deferral{DeferredGradients::current(), {weight}});
}

at::Tensor residual_gelu_linear(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& x_bias,
                                const at::Tensor& weight, const at::Tensor& bias) {
  if (!fused(residual, weight)) {
    return residual + nn::linear(at::gelu(x + put_off(x_bias), "tanh"), weight, bias);
  }
  return ResidualGeluLinear::apply(residual.contiguous(), x.to(product_type(residual)).contiguous(),
                                   put_off(x_bias), put_off(weight), put_off(bias),
                                   Deferral{DeferredGradients::current(), {weight}});
}

}  // namespace echelon::nn
