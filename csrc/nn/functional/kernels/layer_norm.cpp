#include "nn/functional/kernels/layer_norm.h"

namespace echelon::nn::kernels {
namespace {

template <class W>
ECHELON_INLINE RowStatistics<W> statistics(const W* x, int64_t width, double epsilon) {
  W sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < width; ++i) sum += x[i];
  const W mean = sum / static_cast<W>(width);
  W squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, W(1) / std::sqrt(squares / static_cast<W>(width) + static_cast<W>(epsilon))};
}

template <class W, class T>
ECHELON_INLINE void forward(const W* x, RowStatistics<W> row, const W* weight, const W* bias, T* y,
                            int64_t width) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) store(y[i], (x[i] - row.mean) * row.inverse_std * weight[i] + bias[i]);
}

template <class W, class T>
ECHELON_INLINE void backward(const T* gradient, const W* x, RowStatistics<W> row, const W* weight,
                             W* x_gradient, W* weight_gradient, W* bias_gradient, int64_t width) {
  W sum = 0, projection = 0;
#pragma omp simd reduction(+ : sum, projection)
  for (int64_t i = 0; i < width; ++i) {
    const W g = load(gradient[i]);
    const W normalised = (x[i] - row.mean) * row.inverse_std;
    weight_gradient[i] += g * normalised;
    bias_gradient[i] += g;
    sum += g * weight[i];
    projection += g * weight[i] * normalised;
  }
  const W mean_gradient = sum / static_cast<W>(width);
  const W mean_projection = projection / static_cast<W>(width);
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) {
    const W normalised = (x[i] - row.mean) * row.inverse_std;
    x_gradient[i] =
        row.inverse_std * (load(gradient[i]) * weight[i] - mean_gradient - normalised * mean_projection);
  }
}

}  // namespace

ECHELON_VECTORIZED RowStatistics<double> row_statistics(const double* x, int64_t width, double epsilon) {
  return statistics(x, width, epsilon);
}
ECHELON_VECTORIZED RowStatistics<float> row_statistics(const float* x, int64_t width, double epsilon) {
  return statistics(x, width, epsilon);
}

ECHELON_VECTORIZED void normalise_row(const double* x, RowStatistics<double> row, const double* weight,
                                      const double* bias, double* y, int64_t width) {
  forward(x, row, weight, bias, y, width);
}
ECHELON_VECTORIZED void normalise_row(const float* x, RowStatistics<float> row, const float* weight,
                                      const float* bias, float* y, int64_t width) {
  forward(x, row, weight, bias, y, width);
}
ECHELON_VECTORIZED void normalise_row(const float* x, RowStatistics<float> row, const float* weight,
                                      const float* bias, Bf16* y, int64_t width) {
  forward(x, row, weight, bias, y, width);
}

ECHELON_VECTORIZED void normalise_row_backward(const double* gradient, const double* x,
                                               RowStatistics<double> row, const double* weight,
                                               double* x_gradient, double* weight_gradient,
                                               double* bias_gradient, int64_t width) {
  backward(gradient, x, row, weight, x_gradient, weight_gradient, bias_gradient, width);
}
ECHELON_VECTORIZED void normalise_row_backward(const float* gradient, const float* x,
                                               RowStatistics<float> row, const float* weight,
                                               float* x_gradient, float* weight_gradient,
                                               float* bias_gradient, int64_t width) {
  backward(gradient, x, row, weight, x_gradient, weight_gradient, bias_gradient, width);
}
ECHELON_VECTORIZED void normalise_row_backward(const Bf16* gradient, const float* x, RowStatistics<float> row,
                                               const float* weight, float* x_gradient, float* weight_gradient,
                                               float* bias_gradient, int64_t width) {
  backward(gradient, x, row, weight, x_gradient, weight_gradient, bias_gradient, width);
}

}  // namespace echelon::nn::kernels
