// Sums with rows of a matrix: what a linear layer adds to the residual stream, and the gradient of its bias.
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

/// out = x + bias.
void add_bias_row(const double* x, const double* bias, double* out, int64_t width);
void add_bias_row(const float* x, const float* bias, float* out, int64_t width);

/// out = x + y + bias. out may be y.
void add_row(const double* x, const double* y, const double* bias, double* out, int64_t width);
void add_row(const float* x, const float* y, const float* bias, float* out, int64_t width);
void add_row(const float* x, const Bf16* y, const float* bias, float* out, int64_t width);

/// sums += row.
void accumulate_row(const double* row, double* sums, int64_t width);
void accumulate_row(const float* row, float* sums, int64_t width);
void accumulate_row(const Bf16* row, float* sums, int64_t width);

}  // namespace echelon::nn::kernels
