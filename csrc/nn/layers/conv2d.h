// Two-dimensional convolution.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

struct Conv2dOptions {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 0;
  bool bias = true;
  Initializer weight_init = init::kaiming_normal(init::Fan::kIn);
  Initializer bias_init = init::zeros();
};

/// Height or width after a convolution or pooling: ⌊(size + 2·padding − kernel) / stride⌋ + 1.
constexpr int64_t window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
  return size + 2 * padding < kernel ? 0 : (size + 2 * padding - kernel) / stride + 1;
}

class Conv2d : public UnaryLayer {
 public:
  /// Parameters: weight [out, in, kernel, kernel], bias [out].
  Conv2d(const BuildOptions& options, int64_t in, int64_t out, const Conv2dOptions& conv = {});

  /// [batch, in, height, width] → [batch, out, height', width'].
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  int64_t stride_;
  int64_t padding_;
};

}  // namespace echelon::nn
