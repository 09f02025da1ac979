// GELU of a row plus a bias, by tanh: gelu(z) = z·σ(2u), u = √(2/π)·(z + 0.044715·z³), the same as ½z(1 +
// tanh u); or exact: z·Φ(z).
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// y = gelu(x + bias).
void gelu_row(const double* x, const double* bias, double* y, int64_t width);
void gelu_row(const float* x, const float* bias, float* y, int64_t width);
void gelu_row(const Bf16* x, const float* bias, Bf16* y, int64_t width);

/// Turns the gradient of y into that of x, in place, adds it to that of the bias, and writes y once more.
void gelu_row_backward(const double* x, const double* bias, double* gradient, double* bias_gradient,
                       double* y, int64_t width);
void gelu_row_backward(const float* x, const float* bias, float* gradient, float* bias_gradient, float* y,
                       int64_t width);
void gelu_row_backward(const Bf16* x, const float* bias, Bf16* gradient, float* bias_gradient, Bf16* y,
                       int64_t width);

/// y = z·Φ(z), z = x + bias: exact GELU. y may be x. In float32 within 1e-7·|z| of it.
void exact_gelu_row(const double* x, const double* bias, double* y, int64_t width);
void exact_gelu_row(const float* x, const float* bias, float* y, int64_t width);
void exact_gelu_row(const Bf16* x, const float* bias, Bf16* y, int64_t width);

}  // namespace echelon::nn::kernels
