// Layer normalisation of one row. The input may be wider than the output (float32 in, bfloat16 out).
#pragma once

#include <cstdint>

#include "nn/functional/kernels/simd.h"

namespace echelon::nn::kernels {

template <class W>
struct RowStatistics {
  W mean;
  W inverse_std;  ///< 1 / √(variance + ε)
};

RowStatistics<double> row_statistics(const double* x, int64_t width, double epsilon);
RowStatistics<float> row_statistics(const float* x, int64_t width, double epsilon);

/// y = (x − mean) · inverse_std · weight + bias. y may be x.
void normalise_row(const double* x, RowStatistics<double> row, const double* weight, const double* bias,
                   double* y, int64_t width);
void normalise_row(const float* x, RowStatistics<float> row, const float* weight, const float* bias, float* y,
                   int64_t width);
void normalise_row(const float* x, RowStatistics<float> row, const float* weight, const float* bias, Bf16* y,
                   int64_t width);

/// The gradient of x from that of y; adds to those of weight and bias.
void normalise_row_backward(const double* gradient, const double* x, RowStatistics<double> row,
                            const double* weight, double* x_gradient, double* weight_gradient,
                            double* bias_gradient, int64_t width);
void normalise_row_backward(const float* gradient, const float* x, RowStatistics<float> row,
                            const float* weight, float* x_gradient, float* weight_gradient,
                            float* bias_gradient, int64_t width);
void normalise_row_backward(const Bf16* gradient, const float* x, RowStatistics<float> row,
                            const float* weight, float* x_gradient, float* weight_gradient,
                            float* bias_gradient, int64_t width);

}  // namespace echelon::nn::kernels
