#include "nn/functional/post_norm.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "nn/functional/convert.h"
#include "nn/functional/kernels/gelu.h"
#include "nn/functional/kernels/layer_norm.h"
#include "nn/functional/kernels/residual.h"
#include "nn/functional/linear.h"
#include "nn/functional/product_weight.h"
#include "nn/functional/rows.h"
#include "nn/functional/types.h"
#include "nn/weight_gradients.h"

namespace echelon::nn {
namespace {

bool fused(const at::Tensor& x, const at::Tensor& weight) {
  return !c10::GradMode::is_enabled() && x.scalar_type() == weight.scalar_type() && x.is_contiguous() &&
         fusible(x, product_type(x));
}

/// x Wᵀ [+ bias] of rows in the type of products, which the result has too.
at::Tensor product(const at::Tensor& rows, const at::Tensor& weight, const at::Tensor& bias = {}) {
  const at::ScalarType type = rows.scalar_type();
  return product_weight(weight, type)->forward(rows, bias.defined() ? convert(bias, type) : bias);
}

/// norm(residual + y + bias), over y if it is of the residual's type. y: [rows, width].
at::Tensor add_and_normalise(const at::Tensor& residual, const at::Tensor& y, const at::Tensor& bias,
                             const NormWeights& norm) {
  const int64_t rows = y.size(0), width = y.size(1);
  const at::Tensor out =
      y.scalar_type() == residual.scalar_type() ? y : at::empty({rows, width}, residual.options());
  with_types(y.scalar_type(), [&]<class W, class T>(W*, T*) {
    for_each_row(rows, [&](int64_t row, int64_t) {
      W* to = data<W>(out) + row * width;
      kernels::add_row(data<W>(residual) + row * width, data<T>(y) + row * width, data<W>(bias), to, width);
      kernels::normalise_row(to, kernels::row_statistics(to, width, norm.epsilon), data<W>(norm.weight),
                             data<W>(norm.bias), to, width);
    });
  });
  return out.view(residual.sizes());
}

/// x = gelu(x + bias), exact or by tanh. x: [rows, width].
void add_and_gelu(const at::Tensor& x, const at::Tensor& bias, Activation activation) {
  const int64_t width = x.size(1);
  with_types(x.scalar_type(), [&]<class W, class T>(W*, T*) {
    const W* biases = data<W>(bias);
    for_each_row(x.size(0), [&](int64_t row, int64_t) {
      T* values = data<T>(x) + row * width;
      if (activation == Activation::kGelu) {
        kernels::exact_gelu_row(values, biases, values, width);
      } else {
        kernels::gelu_row(values, biases, values, width);
      }
    });
  });
}

at::Tensor layer_norm(const at::Tensor& x, const NormWeights& norm) {
  return at::layer_norm(x, norm.weight.sizes(), put_off(norm.weight), put_off(norm.bias), norm.epsilon);
}

}  // namespace

at::Tensor input_linear(const at::Tensor& x, const LinearWeights& linear) {
  if (!fused(x, linear.weight)) return nn::linear(x, linear.weight, linear.bias);
  const at::ScalarType type = product_type(x);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  return product(as_rows(convert(x, type)), linear.weight, linear.bias)
      .view(with_last(x.sizes(), linear.weight.size(0)));
}

at::Tensor linear_norm(const at::Tensor& residual, const at::Tensor& x, const LinearWeights& linear,
                       const NormWeights& norm) {
  if (!fused(residual, linear.weight)) {
    return layer_norm(residual + nn::linear(x, linear.weight, linear.bias), norm);
  }
  const at::ScalarType type = product_type(residual);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor y = product(as_rows(convert(x, type)), linear.weight);
  return add_and_normalise(residual, y, linear.bias, norm);
}

at::Tensor mlp_norm(const at::Tensor& x, const LinearWeights& expand, Activation activation,
                    const LinearWeights& contract, const NormWeights& norm) {
  const bool has_kernel = activation == Activation::kGelu || activation == Activation::kGeluTanh;
  if (!has_kernel || !fused(x, expand.weight)) {
    const at::Tensor expanded = activate(input_linear(x, expand), activation);
    return linear_norm(x, expanded, contract, norm);
  }
  const at::ScalarType type = product_type(x);
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor expanded = product(as_rows(convert(x, type)), expand.weight);
  add_and_gelu(expanded, expand.bias, activation);
  return add_and_normalise(x, product(expanded, contract.weight), contract.bias, norm);
}

}  // namespace echelon::nn
