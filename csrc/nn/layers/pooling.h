// Pooling over height and width of [batch, channel, height, width], and flattening.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

class MaxPool2d : public UnaryLayer {
 public:
  MaxPool2d(int64_t kernel, int64_t stride, int64_t padding = 0)
      : kernel_(kernel), stride_(stride), padding_(padding) {}
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  int64_t kernel_;
  int64_t stride_;
  int64_t padding_;
};

class AvgPool2d : public UnaryLayer {
 public:
  AvgPool2d(int64_t kernel, int64_t stride) : kernel_(kernel), stride_(stride) {}
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  int64_t kernel_;
  int64_t stride_;
};

/// Averages windows chosen so that the result is [batch, channel, size, size] for any input.
class AdaptiveAvgPool2d : public UnaryLayer {
 public:
  explicit AdaptiveAvgPool2d(int64_t size = 1) : size_(size) {}
  at::Tensor apply(const at::Tensor& input, const Context& context) override;

 private:
  int64_t size_;
};

/// [batch, ...] → [batch, product].
class Flatten : public UnaryLayer {
 public:
  at::Tensor apply(const at::Tensor& input, const Context& context) override;
};

}  // namespace echelon::nn
