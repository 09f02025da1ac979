#include "nn/functional/kernels/gelu.h"

namespace echelon::nn::kernels {
namespace {

constexpr double kTwoRootTwoOverPi = 1.5957691216057307;  // 2·√(2/π)
constexpr double kCubic = 0.044715;

/// σ(2u).
template <class W>
ECHELON_INLINE W gate(W z) {
  return W(1) / (W(1) + exponential(z * (W(-kTwoRootTwoOverPi) - W(kTwoRootTwoOverPi * kCubic) * z * z)));
}

template <class W, class T>
ECHELON_INLINE void forward(const T* x, const W* bias, T* y, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) {
    const W z = load(x[i]) + bias[i];
    store(y[i], z * gate(z));
  }
}

template <class W, class T>
ECHELON_INLINE void backward(const T* x, const W* bias, T* gradient, W* bias_gradient, T* y, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) {
    const W z = load(x[i]) + bias[i];
    const W s = gate(z);
    const W slope = W(kTwoRootTwoOverPi) + W(3 * kTwoRootTwoOverPi * kCubic) * z * z;
    const W g = load(gradient[i]) * (s + z * s * (W(1) - s) * slope);
    store(y[i], z * s);
    store(gradient[i], g);
    bias_gradient[i] += g;
  }
}

}  // namespace

ECHELON_VECTORIZED void gelu_row(const double* x, const double* bias, double* y, int64_t width) {
  forward(x, bias, y, width);
}
ECHELON_VECTORIZED void gelu_row(const float* x, const float* bias, float* y, int64_t width) {
  forward(x, bias, y, width);
}
ECHELON_VECTORIZED void gelu_row(const Bf16* x, const float* bias, Bf16* y, int64_t width) {
  forward(x, bias, y, width);
}

ECHELON_VECTORIZED void gelu_row_backward(const double* x, const double* bias, double* gradient,
                                          double* bias_gradient, double* y, int64_t width) {
  backward(x, bias, gradient, bias_gradient, y, width);
}
ECHELON_VECTORIZED void gelu_row_backward(const float* x, const float* bias, float* gradient,
                                          float* bias_gradient, float* y, int64_t width) {
  backward(x, bias, gradient, bias_gradient, y, width);
}
ECHELON_VECTORIZED void gelu_row_backward(const Bf16* x, const float* bias, Bf16* gradient,
                                          float* bias_gradient, Bf16* y, int64_t width) {
  backward(x, bias, gradient, bias_gradient, y, width);
}

}  // namespace echelon::nn::kernels
