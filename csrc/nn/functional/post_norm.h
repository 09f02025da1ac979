// The two halves of a transformer block that normalises after each: norm(x + f(x)), as in Vaswani et al.
// (1706.03762) and Devlin et al. (1810.04805).
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/layers/activation.h"

namespace echelon::nn {

struct LinearWeights {
  const at::Tensor& weight;  ///< [out, in]
  const at::Tensor& bias;    ///< [out]
};
struct NormWeights {
  const at::Tensor& weight;  ///< [width]
  const at::Tensor& bias;    ///< [width]
  double epsilon;
};

// Where no gradients are recorded, on the CPU, in float64, float32 and float32 with products in bfloat16
// (nn/autocast.h), what is element by element is one pass over memory, in place, and weights in the type of
// products come from SharedWeights (nn/functional/product_weight.h) if this thread is in a Scope of it, so
// that they are converted once. Else these are compositions of linear() and LibTorch's operations.

/// linear(x), in the type of products: [..., in] → [..., out].
at::Tensor input_linear(const at::Tensor& x, const LinearWeights& linear);

/// norm(residual + linear(x)), in the residual's type. residual: [..., width]; x: [..., in].
at::Tensor linear_norm(const at::Tensor& residual, const at::Tensor& x, const LinearWeights& linear,
                       const NormWeights& norm);

/// norm(x + contract(activate(expand(x)))), in the type of x: [..., width].
at::Tensor mlp_norm(const at::Tensor& x, const LinearWeights& expand, Activation activation,
                    const LinearWeights& contract, const NormWeights& norm);

}  // namespace echelon::nn
