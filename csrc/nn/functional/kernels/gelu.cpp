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

/// 1 − Φ(x) for x ≥ 0.
ECHELON_INLINE double upper_tail(double x) {
  return 0.5 * std::erfc(x * 0.70710678118654752);
}

/// t·P(t)·e^(−x²/2) with t = 1 / (1 + 0.33·x), the form of Hastings (Abramowitz and Stegun 7.1.26); P was
/// fitted to 5e-8 of the value for x up to 13, where e^(−x²/2) ends.
ECHELON_INLINE float upper_tail(float x) {
  const float t = 1.f / (1.f + 0.33f * x);
  float p = -2.141437758e-2f;
  p = p * t + 1.259729606e-1f;
  p = p * t - 2.730317366e-1f;
  p = p * t + 2.311484711e-1f;
  p = p * t - 6.089902034e-2f;
  p = p * t + 1.236201757e-1f;
  p = p * t + 1.106224231e-1f;
  p = p * t + 1.323622948e-1f;
  p = p * t + 1.316188323e-1f;
  return p * t * exponential(-0.5f * x * x);
}

template <class W, class T>
ECHELON_INLINE void exact_forward(const T* x, const W* bias, T* y, int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) {
    const W z = load(x[i]) + bias[i];
    const W size = z < W(0) ? -z : z;
    store(y[i], (z + size) * W(0.5) - size * upper_tail(size));
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

ECHELON_VECTORIZED void exact_gelu_row(const double* x, const double* bias, double* y, int64_t width) {
  exact_forward(x, bias, y, width);
}
ECHELON_VECTORIZED void exact_gelu_row(const float* x, const float* bias, float* y, int64_t width) {
  exact_forward(x, bias, y, width);
}
ECHELON_VECTORIZED void exact_gelu_row(const Bf16* x, const float* bias, Bf16* y, int64_t width) {
  exact_forward(x, bias, y, width);
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
