#include "nn/functional/norm_linear.h"

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nn/functional/convert.h"
#include "nn/functional/kernels/layer_norm.h"
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

/// Makes the statistics of each row when `epsilon` is given, else reads them.
at::Tensor normalise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     at::ScalarType product, const at::Tensor& statistics, std::optional<double> epsilon) {
  const int64_t width = weight.numel(), rows = x.numel() / width;
  const at::Tensor y = at::empty({rows, width}, x.options().dtype(product));
  with_types(product, [&]<class W, class T>(W*, T*) {
    auto* row_statistics = reinterpret_cast<kernels::RowStatistics<W>*>(data<W>(statistics));
    for_each_row(rows, [&](int64_t row, int64_t) {
      const W* values = data<W>(x) + row * width;
      if (epsilon) row_statistics[row] = kernels::row_statistics(values, width, *epsilon);
      kernels::normalise_row(values, row_statistics[row], data<W>(weight), data<W>(bias),
                             data<T>(y) + row * width, width);
    });
  });
  return y;
}

struct NormGradients {
  at::Tensor x, weight, bias;
};

NormGradients normalise_backward(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& statistics) {
  const int64_t width = weight.numel(), rows = x.numel() / width;
  const at::Tensor x_gradient = at::empty_like(x);
  const at::Tensor sums = at::zeros({chunk_count(rows), 2, width}, weight.options());
  with_types(gradient.scalar_type(), [&]<class W, class T>(W*, T*) {
    const auto* row_statistics = reinterpret_cast<const kernels::RowStatistics<W>*>(data<W>(statistics));
    for_each_row(rows, [&](int64_t row, int64_t chunk) {
      W* chunk_sums = data<W>(sums) + chunk * 2 * width;
      kernels::normalise_row_backward(data<T>(gradient) + row * width, data<W>(x) + row * width,
                                      row_statistics[row], data<W>(weight), data<W>(x_gradient) + row * width,
                                      chunk_sums, chunk_sums + width, width);
    });
  });
  const at::Tensor total = sums.sum(0);
  return {x_gradient, total[0], total[1]};
}

/// parameters: weight, bias. held: the output's gradient [rows, out], x, weight and bias of the norm, its
/// statistics.
void accumulate(at::TensorList parameters, at::TensorList held) {
  const at::Tensor& gradient = held[0];
  accumulate_product(parameters[0], gradient.t(),
                     normalise(held[1], held[2], held[3], gradient.scalar_type(), held[4], std::nullopt));
  if (parameters[1].defined()) accumulate_gradient(parameters[1], column_sum(gradient));
}

struct NormLinear : torch::autograd::Function<NormLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& norm_weight,
                            const at::Tensor& norm_bias, double epsilon, const at::Tensor& /*weight*/,
                            const std::optional<at::Tensor>& bias, const Deferral& deferral) {
    const at::ScalarType product = product_type(x);
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const at::Tensor statistics = at::empty({x.numel() / norm_weight.numel(), 2}, x.options());
    const at::Tensor normalised = normalise(x, norm_weight, norm_bias, product, statistics, epsilon);
    const auto weight = product_weight(deferral.parameters[0], product);
    const at::Tensor y = weight->forward(normalised, bias ? bias->to(product) : at::Tensor());
    ctx->save_for_backward({x, norm_weight, norm_bias, statistics, weight->tensor()});
    ctx->saved_data["weight"] = keep(weight);
    ctx->saved_data["deferral"] = keep(deferral);
    return y.view(with_last(x.sizes(), y.size(1)));
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &norm_weight = saved[1], &norm_bias = saved[2], &statistics = saved[3];
    const auto& weight = kept<SharedProductWeight>(ctx->saved_data["weight"]);
    const at::Tensor gradient = as_rows(gradients[0].contiguous());
    const auto& deferral = kept<Deferral>(ctx->saved_data["deferral"]);
    at::Tensor weight_gradient, bias_gradient;
    if (deferral.deferred) {
      deferral.defer({gradient, x, norm_weight, norm_bias, statistics}, accumulate);
    } else {
      const at::Tensor normalised =
          normalise(x, norm_weight, norm_bias, weight->tensor().scalar_type(), statistics, std::nullopt);
      weight_gradient = convert(at::mm(gradient.t(), normalised), deferral.parameters[0].scalar_type());
      if (deferral.parameters[1].defined()) bias_gradient = column_sum(gradient);
    }
    const NormGradients norm = normalise_backward(weight->backward(gradient), x, norm_weight, statistics);
    return {norm.x, norm.weight, norm.bias, {}, weight_gradient, bias_gradient, {}};
  }
};

}  // namespace

at::Tensor norm_linear(const at::Tensor& x, const at::Tensor& norm_weight, const at::Tensor& norm_bias,
                       double epsilon, const at::Tensor& weight, const at::Tensor& bias) {
  if (fusible(x, product_type(x))) {
    return NormLinear::apply(x.contiguous(), put_off(norm_weight), put_off(norm_bias), epsilon,
                             put_off(weight), bias.defined() ? std::optional(put_off(bias)) : std::nullopt,
                             Deferral{DeferredGradients::current(), {weight, bias}});
  }
  return nn::linear(at::layer_norm(x, norm_weight.sizes(), put_off(norm_weight), put_off(norm_bias), epsilon),
                    weight, bias);
}

}  // namespace echelon::nn
